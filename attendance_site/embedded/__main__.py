"""`python -m attendance_site.embedded status|stop|remove`: look after the servers of ROLLCALL_HOME."""

import argparse

from attendance_site import embedded, env


def main() -> None:
    """Show or stop what runs, one line each; `remove` deletes the whole home besides."""
    parser = argparse.ArgumentParser(prog="python -m attendance_site.embedded", description=__doc__)
    parser.add_argument("action", choices=["status", "stop", "remove"])
    parser.add_argument(
        "name", nargs="*", choices=["postgres", "redis", []], help="only these; both otherwise"
    )
    parser.add_argument("--tests", action="store_true", help="the servers of the tests instead")
    options = parser.parse_args()
    home = env.folder("ROLLCALL_HOME", env.ROOT / "var")
    home = home / "test" if options.tests else home
    if options.action == "remove":
        embedded.remove(home)
        print(f"{home} removed")
        return
    if options.action == "stop":
        names = embedded.stop(home, *options.name)
    else:
        names = [name for name in embedded.running(home) if not options.name or name in options.name]
    for name in names:
        print(f"{home}: {name} {'stopped' if options.action == 'stop' else 'runs'}")


if __name__ == "__main__":
    main()
