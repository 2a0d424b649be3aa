// Looking for something for a while before going to sleep: waking a thread takes tens of microseconds.
#pragma once

#include <chrono>

namespace slimnet {

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Looks until `done` or until the time is over. True when done.
template <class Done>
bool Spin(std::chrono::microseconds time, const Done& done) {
  using Clock = std::chrono::steady_clock;
  constexpr int kLooks = 32;  // between two readings of the clock
  for (int i = 0; i < kLooks; ++i) {
    if (done()) return true;
    Pause();
  }
  for (const Clock::time_point end = Clock::now() + time; Clock::now() < end;) {
    for (int i = 0; i < kLooks; ++i) {
      if (done()) return true;
      Pause();
    }
  }
  return done();
}

}  // namespace slimnet
