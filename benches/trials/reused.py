"""The two shipped cases whose logs are shipped too: a copper disc and a steel section."""

from dataclasses import replace

from benches.trials.ask import OUT, Row, of_verdict
from foretrial.cases import furnace_section, radiant_calorimeter


def rows() -> list[Row]:
    """Copper disc fitted, insulation stack predicted; steel section fitted in trial 2, predicted in trial 3."""
    stack = radiant_calorimeter.run(out=OUT / "gasification")
    section = furnace_section.run(out=OUT / "section")
    row = of_verdict("gasification", "copper disc", "insulation stack, last of four models", stack)
    climbed = [f"{rung['model']['en']}: {rung['words'][0]['en']}" for rung in stack.content["ladder"]]
    return [
        replace(row, words=(*row.words, *climbed)),
        of_verdict("section", "I-section, trial 2", "I-section, trial 3", section),
    ]
