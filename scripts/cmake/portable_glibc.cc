// What the C++ library takes from a newer C library than the published addon may ask for. Hidden: it is for the addon alone.
#include <pthread.h>
#include <time.h>

#define FOR_THE_ADDON extern "C" __attribute__((visibility("hidden")))

// glibc 2.32: whether the process has one thread, which lets the C++ library count references without atomic operations. Node has several.
FOR_THE_ADDON char __libc_single_threaded;
char __libc_single_threaded = 0;

// glibc 2.30: waits until a time of any clock. Conditions of the C++ library wait by the wall clock, so the time that is left is what is asked
// for; where that clock is set meanwhile the wait ends too early, after which the C++ library looks at its own clock.
FOR_THE_ADDON int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                                         const struct timespec* until) {
  if (clock == CLOCK_REALTIME) return pthread_cond_timedwait(condition, mutex, until);
  constexpr long kSecond = 1'000'000'000;
  struct timespec now;
  struct timespec wall;
  clock_gettime(clock, &now);
  clock_gettime(CLOCK_REALTIME, &wall);
  struct timespec at = {wall.tv_sec + (until->tv_sec - now.tv_sec), wall.tv_nsec + (until->tv_nsec - now.tv_nsec)};
  if (at.tv_nsec < 0) {
    at.tv_sec -= 1;
    at.tv_nsec += kSecond;
  } else if (at.tv_nsec >= kSecond) {
    at.tv_sec += 1;
    at.tv_nsec -= kSecond;
  }
  return pthread_cond_timedwait(condition, mutex, &at);
}
