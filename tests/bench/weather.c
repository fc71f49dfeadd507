/* Bad weather for a process: syncing that takes a while, and a clock that is wrong.
 *
 *   cc -shared -fPIC -O2 -o weather.so weather.c -ldl
 *   CHAOS_WEATHER=FILE LD_PRELOAD=weather.so COMMAND
 *
 * FILE holds two 64-bit numbers, read anew at each call: the microseconds that a sync takes longer, and the seconds that
 * the clock on the wall is ahead. The clock that only counts on (CLOCK_MONOTONIC) stays right, as on a real machine. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *weather;
static int (*real_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void look_out(void) {
    const char *path = getenv("CHAOS_WEATHER");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (file < 0) return;
    void *there = mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (there != MAP_FAILED) weather = there;
    close(file);
}

static void dawdle(void) {
    if (weather && weather[0] > 0) {
        struct timespec pause = {weather[0] / 1000000, weather[0] % 1000000 * 1000};
        nanosleep(&pause, NULL);
    }
}

int fsync(int file) { dawdle(); return (int)syscall(SYS_fsync, file); }

int fdatasync(int file) { dawdle(); return (int)syscall(SYS_fdatasync, file); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = real_clock ? real_clock(clock, time) : (int)syscall(SYS_clock_gettime, clock, time);
    if (!failed && weather && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += weather[1];
    return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}
