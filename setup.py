"""What pyproject.toml cannot say: root folders as subpackages, and the Cython kernels."""

import platform
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CCompilerError, CompileError, ExecError, PlatformError

ROOT = Path(__file__).parent
WINGS = ("cext", "operators", "problems", "engine")

NO_COMPILER = (
    "paretide is an engine with a compiled core and could not compile it ({error}). "
    "Install a C compiler (Debian/Ubuntu: apt-get install build-essential python3-dev; "
    "macOS: xcode-select --install; Windows: Microsoft C++ Build Tools) and install again."
)


class BuildKernels(build_ext):
    """Compile the kernels or stop with one sentence: there is no slow fallback to land in."""

    def run(self):
        try:
            super().run()
        except (CCompilerError, CompileError, ExecError, PlatformError, OSError) as error:
            raise SystemExit(NO_COMPILER.format(error=error)) from None


def kernels():
    # -ffp-contract=off: a fused multiply-add would give other bits on machines that have it.
    # Without -fno-math-errno and -fno-trapping-math no loop with a root or a choice is vectorized;
    # neither changes a value.
    arguments = ["-O3", "-g0", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
    if platform.machine() in ("x86_64", "AMD64"):
        arguments.append("-march=x86-64-v2")  # more, if the processor has it: cext/_paths.h
    return [
        Extension(
            f"paretide.{'.'.join(source.relative_to(ROOT).with_suffix('').parts)}",
            [str(source.relative_to(ROOT))],
            include_dirs=[np.get_include(), "cext"],
            define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
            depends=[str(header.relative_to(ROOT)) for header in (ROOT / "cext").glob("*.h")],
            extra_compile_args=arguments,
        )
        for wing in WINGS
        for source in sorted((ROOT / wing).rglob("*.pyx"))
    ]


packages = ["paretide", "paretide.commands"]
package_dir = {"paretide": "src/paretide"}
for wing in WINGS:
    package_dir[f"paretide.{wing}"] = wing
    packages.append(f"paretide.{wing}")
    packages += [f"paretide.{wing}.{name}" for name in find_packages(wing)]

setup(
    packages=packages,
    package_dir=package_dir,
    include_package_data=False,
    package_data={
        "paretide": ["py.typed"],
        "paretide.cext": ["*.pyi", "*.pxd", "*.pyx", "*.h"],
        "paretide.engine.store": ["*.pyi", "*.pyx"],
    },
    ext_modules=cythonize(
        kernels(),
        include_path=["cext"],
        language_level=3,
        compiler_directives={
            "boundscheck": False,
            "wraparound": False,
            "cdivision": True,
            "initializedcheck": False,
            "embedsignature": True,
        },
    ),
    cmdclass={"build_ext": BuildKernels},
)
