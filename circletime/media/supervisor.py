"""Keeps the parts of the program running: starts them, shows their state, starts them again.

Each part is a process of its own, so that one that dies takes no other with it. Linux ends them
all when this process dies, however it dies, so none is ever left behind. A part that takes long to
start has a spare: a second process that has loaded everything and waits to be told "go". Its
listening socket is held here, so that a caller of the moment in between waits instead of failing.

A newer version takes this very process over, with its children and sockets (`handover`). What is left
of the version before goes on, is replaced, or ends with the last meeting, as its part says (`before`).

A part that lives but does nothing any more is killed, and so started again (ADR 47).
"""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from circletime.media.before import Before
from circletime.media.handover import Child, Handover, Plan, Unfit, become, plan_of
from circletime.media.part import Part, Replaced, Upgrade
from circletime.media.processes import STOPS_WITHIN, Process
from circletime.media.progress import Progress

FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
SETTLED_AFTER = 10.0
"""Seconds. A part that ran so long starts again at once when it dies."""
TRIED_WITHIN = 90.0
"""Seconds in which a newer version's part has to load, and answer a page of its own."""
TAKES_OVER_WITHIN = 60.0
LOOKS_EVERY = 1.0
"""Seconds between two looks at whether a part still works."""
ASKS_EVERY = 5.0
"""Seconds between two looks whether a meeting still needs what is to be replaced."""
LOG_KEPT = 5 * 1024 * 1024


class Supervisor:
    """Runs `parts` in order until a signal; `say` is told each change of state.

    `handed` is what the version before left, if this one took its process over. With `upgrade` it hands over
    to a newer version when it gets SIGUSR2.
    """

    def __init__(
        self,
        parts: list[Part],
        logs: Path,
        say: Callable[[str], None],
        upgrade: Upgrade | None = None,
        handed: Handover | None = None,
    ) -> None:
        self._parts = parts
        self._logs = logs
        self._say = say
        self._upgrade = upgrade
        self._handed = handed
        self._before: Before
        self._progress = Progress(upgrade.progress) if upgrade and handed else None
        self._stopping = asyncio.Event()
        self._running: dict[str, Process] = {}
        self._spares: dict[str, Process] = {}
        self._sockets: dict[tuple[str, int], socket.socket] = {}
        self._handing_over = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, when_ready: Callable[[], None] | None = None) -> None:
        """Start everything, then keep it so. Returns once all parts have stopped."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        self._take_over()
        if self._upgrade is not None:
            loop.add_signal_handler(signal.SIGUSR2, self._hand_over, self._upgrade)
        first = {part.name: asyncio.Event() for part in self._parts}
        keepers = [asyncio.create_task(self._keep(part, first[part.name])) for part in self._parts]
        for keeper in keepers:
            # One ends by itself only by a fault in here: then all stops and says so, and no part is unkept.
            keeper.add_done_callback(lambda _: self._stopping.set())
        self._also(self._tell_when(list(first.values()), when_ready))
        await self._stopping.wait()
        for task in self._tasks:
            task.cancel()
        await self._stop_all()
        for keeper in keepers:
            keeper.cancel()
        ends = await asyncio.gather(*keepers, *self._tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _tell_when(self, events: list[asyncio.Event], when_ready: Callable[[], None] | None) -> None:
        all_run = asyncio.gather(*(event.wait() for event in events))
        if self._progress is not None and self._upgrade is not None and self._handed is not None:
            try:
                await asyncio.wait_for(asyncio.shield(all_run), TAKES_OVER_WITHIN)
            except TimeoutError:
                self._progress.failed(
                    "Not every part of the new version runs yet. What the old one had goes on, and the rest "
                    f"is tried again and again. Look into the folder {self._logs}."
                )
            else:
                await self._before.let_go_all()
                self._progress.done(
                    _taken_over(self._upgrade.version, self._handed.version, self._before.until())
                )
            self._progress = None
        await all_run
        if when_ready is not None:
            when_ready()

    def _take_over(self) -> None:
        handed, leaving_for = self._handed, self._upgrade.leaving_for if self._upgrade else 0.0
        self._before = Before(self._logs, leaving_for, self._tell, handed)
        if handed is None:
            return
        for at, number in handed.sockets.items():
            self._sockets[at] = socket.socket(fileno=number)
        for name, (pid, number) in handed.tried.items():
            line = socket.socket(fileno=number)
            line.setblocking(False)
            self._spares[name] = Process(pid, line)

    # Keeping them running.

    async def _keep(self, part: Part, first: asyncio.Event) -> None:
        wait = FIRST_WAIT
        process = self._goes_on(part, first)
        while not self._stopping.is_set():
            began = time.monotonic()
            why = await self._one_life(part, process, first)
            process = None
            if self._stopping.is_set():
                return
            wait = FIRST_WAIT if time.monotonic() - began > SETTLED_AFTER else min(wait * 2, LONGEST_WAIT)
            self._tell(part.name, why)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait)

    async def _one_life(self, part: Part, process: Process | None, first: asyncio.Event) -> str:
        """Start a process, unless this one goes on, and see it to its end; why there is none any more."""
        if process is None:
            try:
                process = await self._begin(part)
            except OSError as trouble:  # somebody else has its port, or its program is not there
                return f"cannot be started ({trouble}); trying again"
            if await self._until_ready(part, process):
                self._tell(part.name, f"running   {part.place}")
                first.set()
                await self._before.let_go(part.name)
                self._see_to_spare(part)
        status = await self._until_ended(part, process)
        return f"stopped (status {status}); starting it again. Its log: {self._log(part.name)}"

    def _goes_on(self, part: Part, first: asyncio.Event) -> Process | None:
        """The process of the version before, where this part's stays."""
        stays = None
        if part.replaced is Replaced.WHEN_IDLE:
            stays = self._before.stays(part.name, part.argv, part.made_of)
        if stays is None:
            return None
        process, same = stays
        self._running[part.name] = process
        if same:
            self._tell(part.name, "goes on; the new version has the same")
        else:
            self._tell(part.name, "goes on; the new one takes its place when no meeting is held")
            self._also(self._replace_when_idle(part, process))
        first.set()
        return process

    async def _replace_when_idle(self, part: Part, process: Process) -> None:
        while process.returncode is None:
            await asyncio.sleep(ASKS_EVERY)
            if self._upgrade is not None and await asyncio.to_thread(self._upgrade.idle):
                self._tell(part.name, "no meeting is held: the new one takes its place")
                await process.stop(STOPS_WITHIN)

    async def _begin(self, part: Part) -> Process:
        if part.replaced is Replaced.AT_ONCE:
            await self._before.stop_one(part.name)
        process = self._spares.pop(part.name, None)
        if process is None or process.returncode is not None:
            process = self._start(part)
        self._running[part.name] = process
        with contextlib.suppress(OSError):  # on a full disk parts are started all the same
            (self._logs / f"{part.name}.pid").write_text(str(process.pid))
        await process.tell("go")
        return process

    def _start(self, part: Part) -> Process:
        listens = self._socket(part.listen) if part.listen else None
        log = self._log(part.name)
        if log.exists() and log.stat().st_size > LOG_KEPT:
            log.replace(log.with_suffix(".old"))
        argv = [*part.argv, *([str(listens.fileno())] if listens else [])]
        return Process.start(argv, log, told=part.told, listens=listens)

    def _see_to_spare(self, part: Part) -> None:
        spare = self._spares.get(part.name)
        if part.spare and not self._handing_over and (spare is None or spare.returncode is not None):
            with contextlib.suppress(OSError):  # what runs needs none; the next start tells the trouble
                self._spares[part.name] = self._start(part)

    def _socket(self, at: tuple[str, int]) -> socket.socket:
        if at not in self._sockets:
            self._sockets[at] = socket.create_server(at, backlog=512)
        return self._sockets[at]

    async def _until_ready(self, part: Part, process: Process) -> bool:
        if part.told:
            return await process.hear() == "ready"
        while process.returncode is None and not self._stopping.is_set():
            if await asyncio.to_thread(part.works):
                return True
            await asyncio.sleep(0.1)
        return False

    async def _until_ended(self, part: Part, process: Process) -> int:
        """Its exit status, once it ended by itself, or hung and was killed.

        Looks are counted and not seconds: when all of the machine stood still, nobody here is to blame.
        """
        ended = asyncio.ensure_future(process.wait())
        in_vain = 0
        while not (await asyncio.wait([ended], timeout=LOOKS_EVERY))[0]:
            in_vain = 0 if await asyncio.to_thread(part.works) else in_vain + 1
            if in_vain == part.patience and process.returncode is None and not self._stopping.is_set():
                self._tell(part.name, f"hangs, and is killed. Its log: {self._log(part.name)}")
                process.send(signal.SIGKILL)
        return ended.result()

    async def _stop_all(self) -> None:
        for spare in self._spares.values():
            await spare.kill()  # it has done nothing yet
        for held in self._sockets.values():
            held.close()
        await self._before.stop()
        for part in reversed(self._parts):
            process = self._running.get(part.name)
            if process is None or process.returncode is not None:
                continue
            await process.stop(STOPS_WITHIN)
            (self._logs / f"{part.name}.pid").unlink(missing_ok=True)
            self._tell(part.name, "stopped")

    # Handing over to a newer version.

    def _hand_over(self, upgrade: Upgrade) -> None:
        if not self._handing_over:
            self._handing_over = True
            self._also(self._try_and_hand_over(upgrade))

    async def _try_and_hand_over(self, upgrade: Upgrade) -> None:
        progress = Progress(upgrade.progress)
        tried: dict[str, Process] = {}
        try:
            progress.says(f"Circletime {upgrade.version} runs. Looking at what is installed now.")
            plan = await plan_of(upgrade.command, upgrade.names, upgrade.version)
            progress.says(f"Circletime {plan.version} is installed, and its tables are made. Trying it.")
            for name in plan.told:
                await self._try(name, plan, tried)
            progress.says("Its pages answer. It takes over now.")
            for spare in self._spares.values():
                await spare.kill()
            self._become(upgrade, tried)
        except (Unfit, OSError) as trouble:
            for process in tried.values():
                await process.kill()
            progress.failed(f"{trouble} Circletime {upgrade.version} goes on, and nobody noticed anything.")
            self._handing_over = False
            for part in self._parts:
                if part.name in self._running:
                    self._see_to_spare(part)

    async def _try(self, name: str, plan: Plan, tried: dict[str, Process]) -> None:
        """Start a part of the newer version, and have it load everything and answer a page to itself."""
        argv, listen = plan.told[name]
        tried[name] = process = self._start(Part(name, argv, "", lambda: True, 1, told=True, listen=listen))
        await process.tell("try")
        answer = ""
        with contextlib.suppress(TimeoutError):
            answer = await asyncio.wait_for(process.hear(), TRIED_WITHIN)
        if answer != "fine":
            raise Unfit(f"The new version's part “{name}” does not start. Its log: {self._log(name)}.")

    def _become(self, upgrade: Upgrade, tried: dict[str, Process]) -> None:
        """Nothing is awaited in here, so that what is told of each process holds."""
        parts = {part.name: part for part in self._parts}
        handed = Handover(
            version=upgrade.version,
            sockets={at: held.fileno() for at, held in self._sockets.items()},
            running={
                name: Child(process.pid, parts[name].replaced is Replaced.LEAVING, parts[name].made_of)
                for name, process in self._running.items()
                if process.returncode is None
            },
            tried={name: (each.pid, each.line.fileno()) for name, each in tried.items() if each.line},
            leaving=self._before.leaving(),
            lock=upgrade.lock,
        )
        become([*upgrade.command, *upgrade.arguments], handed)

    def _also(self, doing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _tell(self, name: str, state: str) -> None:
        line = f"{name:<9} {state}"
        self._say(line)
        if self._progress is not None:
            self._progress.says(line)


def _taken_over(new: str, old: str, until: float | None) -> str:
    says = f"Circletime {new} runs."
    if until is not None:
        at = time.strftime("%H:%M", time.localtime(until))
        says += f" {old} goes on for the rooms that were open, until {at} at the latest."
    return says
