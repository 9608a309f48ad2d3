"""`python -m attendance_site.embedded status|stop`: show or stop the servers of ROLLCALL_HOME."""

import sys

from attendance_site import embedded, env


def main(arguments: list[str]) -> int:
    """Show or stop what runs; exit status 2 on any other argument."""
    if arguments not in (["status"], ["stop"]):
        print("usage: python -m attendance_site.embedded status|stop", file=sys.stderr)
        return 2
    home = env.folder("ROLLCALL_HOME", env.ROOT / "var")
    for folder in (home, home / "test"):
        names = embedded.stop(folder) if arguments == ["stop"] else embedded.running(folder)
        for name in names:
            print(f"{folder}: {name} {'stopped' if arguments == ['stop'] else 'runs'}")
    return 0


sys.exit(main(sys.argv[1:]))
