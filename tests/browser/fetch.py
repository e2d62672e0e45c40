"""Debian's Chromium, unpacked into a folder of this repository: nothing is installed into the system."""

import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = ["chromium", "fonts-dejavu-core"]
NEEDED = ["apt-get", "dpkg-deb"]


def chromium(folder: Path) -> tuple[Path, dict[str, str]] | None:
    """The program and the environment that it needs; None where no Debian packages can be had."""
    root = folder / "root"
    program = root / "usr/lib/chromium/chromium"
    if not (folder / "complete").exists():
        if not all(map(shutil.which, NEEDED)):
            return None
        shutil.rmtree(folder, ignore_errors=True)
        print("unpacking Debian's Chromium into", os.path.relpath(folder), flush=True)
        if not download(folder):
            return None
        for package in sorted((folder / "archives").glob("*.deb")):
            subprocess.run(["dpkg-deb", "--extract", package, root], check=True)
            package.unlink()
        (folder / "complete").touch()
    # Some libraries stand in folders of their own (pulseaudio), which their packages' scripts would register.
    libraries = dict.fromkeys(str(library.parent) for library in sorted(root.glob("**/*-linux-gnu*/**/*.so*")))
    environment = {"LD_LIBRARY_PATH": ":".join(libraries)}
    if not Path("/etc/fonts/fonts.conf").exists():
        environment["FONTCONFIG_SYSROOT"] = str(root)
    return program, environment


def download(folder: Path) -> bool:
    """Let apt fetch the packages and what this machine lacks of their dependencies; it installs nothing."""
    for name in ("lists/partial", "archives/partial"):
        (folder / name).mkdir(parents=True)
    options = {
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache::Archives": folder / "archives",
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "",
        "Acquire::Retries": "3",
    }
    apt = ["apt-get", "-qq", *(part for name, value in options.items() for part in ("-o", f"{name}={value}"))]
    fetch = ["install", "--yes", "--download-only", "--no-install-recommends", "--reinstall", *PACKAGES]
    return all(subprocess.run([*apt, *command]).returncode == 0 for command in (["update"], fetch))
