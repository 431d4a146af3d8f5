"""Map the rooms by hand where a checkout has no symbolic links; all else stands in pyproject.toml."""

from pathlib import Path

from setuptools import Distribution, find_packages, setup

ROOMS = ("twin", "solvers", "models", "viz", "cases")


class Checkout(Distribution):
    """Distribution that finds its rooms beside `src` when the links in it came out as text files."""

    def parse_config_files(self, *args: object, **options: object) -> None:
        """Read pyproject.toml, then add each room that its search could not enter."""
        super().parse_config_files(*args, **options)
        for room in ROOMS:
            if not Path("src/foretrial", room).is_dir():
                name = f"foretrial.{room}"
                self.packages += [name, *(f"{name}.{inner}" for inner in find_packages(room))]
                self.package_dir[name] = room


setup(distclass=Checkout)
