"""Group commit: a growing file is brought to the disk by a thread that does not take the GIL.

A thread that woke up in Python for every group would take the GIL from the run in the middle of its
work; on a virtual machine each of these exchanges costs the run most of a millisecond.
"""

from libc.errno cimport EINTR, errno

cdef extern from *:
    """
    #ifdef _WIN32
    #include <io.h>
    #include <windows.h>
    static double monotonic_seconds(void) { return GetTickCount64() / 1000.0; }
    static void pause_ms(int ms) { Sleep(ms); }
    static int sync_file(int file) { return _commit(file); }
    #else
    #include <time.h>
    #include <unistd.h>
    static double monotonic_seconds(void) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec + now.tv_nsec / 1e9;
    }
    static void pause_ms(int ms) {
        struct timespec span = {0, ms * 1000000L};
        nanosleep(&span, NULL);
    }
    static int sync_file(int file) { return fsync(file); }
    #endif
    """
    double monotonic_seconds() noexcept nogil
    void pause_ms(int ms) noexcept nogil
    int sync_file(int file) noexcept nogil

cdef enum:
    TICK_MS = 5


cdef class GroupCommit:
    """What two threads know of a file: one appends to it, the other one syncs it.

    Each counter has one writer. The appending thread counts bytes before records and the syncing
    thread reads them the other way round, so that it never claims bytes that it has not synced.

    Parameters
    ----------
    file : int
        Descriptor; open until ``run`` has returned for the last time.
    size : int
        Bytes in it, taken to be on the disk.
    """

    cdef int _file
    cdef volatile long long _written, _written_bytes, _synced, _synced_bytes
    cdef volatile int _error, _closing

    def __cinit__(self, int file, long long size):
        self._file = file
        self._written = self._synced = 0
        self._written_bytes = self._synced_bytes = size
        self._error = self._closing = 0

    def wrote(self, long long size):
        """A record was written and the file has ``size`` bytes; returns how many are behind."""
        self._written_bytes = size
        self._written += 1
        return self._written - self._synced

    @property
    def behind(self):
        """Records written and not on the disk."""
        return self._written - self._synced

    @property
    def synced_bytes(self):
        """Bytes on the disk."""
        return self._synced_bytes

    @property
    def error(self):
        """The number of the error that ended syncing, or 0."""
        return self._error

    def close(self):
        """Sync what is there, and let ``run`` return."""
        self._closing = 1

    def run(self, double seconds, long long records, double idle):
        """Sync ``seconds`` after the first record of a group, or when there are ``records``.

        Called by the syncing thread. Returns after ``idle`` seconds without a record, after
        ``close``, or when syncing failed.
        """
        cdef double began
        cdef long long covered, size
        with nogil:
            began = monotonic_seconds()
            while not self._error:
                if self._written == self._synced:
                    if self._closing or monotonic_seconds() - began > idle:
                        break
                    pause_ms(TICK_MS)
                    continue
                began = monotonic_seconds()
                while (
                    self._written - self._synced < records
                    and not self._closing
                    and monotonic_seconds() - began < seconds - 0.001 * TICK_MS
                ):
                    pause_ms(TICK_MS)
                covered = self._written
                size = self._written_bytes
                if sync_file(self._file) == 0:
                    self._synced_bytes = size
                    self._synced = covered
                elif errno != EINTR:
                    self._error = errno
                began = monotonic_seconds()
