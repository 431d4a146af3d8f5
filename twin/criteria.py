"""The checklist of a verdict: what each line asks, in English and Chinese, and which lines no PASS can do without."""

from collections.abc import Mapping

from ..models import Criterion, ModelError
from ..models.errors import did_you_mean

# A PASS needs these whether or not the requirement names them, wherever they apply.
INDISPENSABLE = ("B2", "B7", "C2", "C7", "D3", "D4", "E1", "E2", "E3", "E6")

TEXTS: dict[str, tuple[str, str]] = {
    "A1": ("Requirement, quantity, limit, decision rule, data split and seeds were fixed and hashed before the result.",
           "要求、关注量、限值、判定规则、数据划分与随机种子在结果之前固定并留有哈希。"),
    "A2": ("The verification that it serves is named.", "注明所服务的验证类别。"),
    "A3": ("The required accuracy is stated.", "给出所要求的准确度。"),
    "B1": ("Code version, packages, system, seeds and the command that reproduces the number are recorded.",
           "记录代码版本、依赖、系统、种子及复现命令。"),
    "B2": ("Every trial and input is identified by its content hash.", "每个试验与输入均以内容哈希标识。"),
    "B3": ("Sensor calibrations were valid at the time of the trial.", "传感器校准在试验时有效。"),
    "B4": ("Each property and boundary value states its source and uncertainty.",
           "每个材料属性与边界值均注明来源与不确定度。"),
    "B5": ("Properties were used inside their stated range, or the assumption has its own budget line.",
           "材料属性在其有效范围内使用，否则该假设另列不确定度分量。"),
    "B6": ("The log keeps to its channel contract: names, units, ranges, rate, gaps, clocks, firmware.",
           "日志符合通道契约：名称、单位、范围、采样率、间断、时钟与固件。"),
    "B7": ("No two sensors look exchanged, no clock off and no unit changed, in calibration or validation.",
           "标定与确认试验中未见传感器互换、时钟偏差或单位改变。"),
    "C1": ("Code verification cases for these operators pass.", "所用算子的代码验证算例通过。"),
    "C2": ("This run was refined on three or more grids and steps; u_num is stated on the quantity itself.",
           "本次求解在三级或以上网格与步长上加密；u_num 直接针对关注量给出。"),
    "C3": ("The refinement is in the asymptotic range.", "加密结果处于渐近区。"),
    "C4": ("The iteration error is ten times below u_num.", "迭代误差低于 u_num 的十分之一。"),
    "C5": ("The global balance of heat, or of forces and their work, closes.", "整体热平衡（或力与功的平衡）闭合。"),
    "C6": ("A reduced model states its bound or held-out error.", "降阶模型给出误差界或留出误差。"),
    "C7": ("The numerical error is below the uncertainty of the sensors.", "数值误差低于传感器不确定度。"),
    "D1": ("Bounds, priors and starts are recorded, and more than one start reached the best value.",
           "记录界限、先验与起点，且不止一个起点到达最优值。"),
    "D2": ("Calibration residuals are white and as small as the sensors state.",
           "标定残差为白噪声，且与传感器声明相符。"),
    "D3": ("No parameter stopped at a bound.", "没有参数停在界限上。"),
    "D4": ("No parameter left what is physically known of it beforehand.", "没有参数偏离其物理先验。"),
    "D5": ("What is identifiable is said in words, per parameter and combination.", "逐参数、逐组合说明可辨识性。"),
    "D6": ("Failed runs are counted and their treatment is said.", "统计失败的求解并说明处理方式。"),
    "E1": ("Validation trials are disjoint from calibration trials, by content hash.",
           "确认试验与标定试验按内容哈希互不重叠。"),
    "E2": ("E = S - D and u_val are formed at every point.", "在每一点给出比对误差 E = S − D 与 u_val。"),
    "E3": ("The validation uncertainty k u_val is no larger than the margin.", "确认不确定度 k·u_val 不大于裕度。"),
    "E4": ("The interval, model form included, covers the readings as stated.", "计入模型偏差的区间按声明覆盖读数。"),
    "E5": ("Several points are judged together: multivariate distance and area metric.",
           "多点联合评价：多元距离与面积度量。"),
    "E6": ("The use lies inside the validation domain.", "使用条件在确认域之内。"),
    "E8": ("Some values of the model's inputs, each inside its own uncertainty, explain the trial.",
           "模型输入在各自不确定度之内取值即可解释该试验。"),
    "E7": ("Scale-up lists which similarity groups match.", "放大时列出相似准则是否一致。"),
    "F1": ("One budget holds numerical, parameter, input, sensor and model-form lines.",
           "不确定度报告包含数值、参数、输入、传感器与模型偏差分量。"),
    "F2": ("Margin, guard band and the risks of false acceptance and rejection are stated.",
           "给出裕度、保护带及误接受、误拒绝风险。"),
    "F3": ("What flips the verdict, and by how much, is stated.", "说明何种变化及其大小会改变结论。"),
    "F4": ("The expanded uncertainty meets the required accuracy.", "扩展不确定度满足所要求的准确度。"),
    "F5": ("Reliability by two methods, with its coefficient of variation.", "以两种方法给出可靠度及其变异系数。"),
    "F6": ("Capability by the lower confidence bound.", "以置信下限评定过程能力。"),
    "F7": ("Cost, energy and CO2e per good part, with intervals.", "单位合格品的成本、能耗与碳足迹及其区间。"),
    "F8": ("Several quantities are corrected for multiplicity.", "多个关注量时作多重性修正。"),
    "G1": ("Furnace class and uniformity survey before and after stabilisation.",
           "炉子类别与稳定前后的温度均匀性测量。"),
    "G2": ("Predicted hot and cold spots, and better thermocouple places.", "预测热点、冷点及更好的热电偶位置。"),
    "H1": ("Prepared, checked, reviewed and approved.", "编制、校核、审核、批准齐全。"),
    "H2": ("It says that it replaces no accredited test report, and states its caveats.",
           "声明不替代认可的检测报告，并列出限制。"),
    "H3": ("Expiry and what triggers revalidation are stated.", "给出有效期及再确认条件。"),
    "H4": ("Canonical JSON in a signed envelope.", "规范化 JSON 置于签名信封中。"),
    "H5": ("Hashes and decision can be recomputed on another machine.", "可在另一台机器上复算哈希与结论。"),
}  # fmt: skip


def rows(found: Mapping[str, tuple[str, str, str, str]]) -> tuple[Criterion, ...]:
    """The whole checklist in order; what is not found is "not-yet".

    Parameters
    ----------
    found : mapping of id to (state, value, why, evidence)
    """
    made = []
    for name, (en, zh) in TEXTS.items():
        state, value, why, evidence = found.get(name, ("not-yet", "", "this version does not evidence it", ""))
        made.append(Criterion(id=name, group=name[0], text=en, text_zh=zh, state=state, value=value, why=why,
                              evidence=evidence))  # fmt: skip
    return tuple(made)


def refuse_unknown(names: Mapping[str, object] | tuple[str, ...], what: str) -> None:
    """A ModelError names the first id that is on no checklist."""
    for name in names:
        if name not in TEXTS:
            raise ModelError(f"{what}: no criterion '{name}'. {did_you_mean(name, TEXTS)} Correct the id.")


def refuse_silent(waivers: Mapping[str, tuple[str, str]]) -> None:
    """A ModelError names the first waiver that says not by whom or not why."""
    for name, (by, why) in waivers.items():
        if not by.strip() or not why.strip():
            raise ModelError(
                f"waiver of {name}: by '{by}', why '{why}'. It is waived by somebody for a reason. State both."
            )
