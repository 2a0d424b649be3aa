#include "addon/event_loop.h"

#include <cstdint>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace slimnet {

#if defined(__linux__) && defined(SYS_sched_getattr) && defined(SYS_sched_setattr)

namespace {

constexpr uint32_t kUsualPolicy = 0;             // SCHED_OTHER
constexpr uint64_t kSliceNanoseconds = 300'000;  // usual: 0.7 to 3 ms; 0.1 does no more, 0.7 does less

// struct sched_attr of the kernel's interface, which no header of the C library's has.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0;  // nanoseconds; of the usual policy: the slice
  uint64_t deadline = 0;
  uint64_t period = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

void ShortenTimeSlices() noexcept {
  constexpr pid_t kThisThread = 0;
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, kThisThread, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != kUsualPolicy || attributes.runtime <= kSliceNanoseconds) return;
  attributes.runtime = kSliceNanoseconds;
  // Where it is refused, things stay as they were.
  static_cast<void>(syscall(SYS_sched_setattr, kThisThread, &attributes, 0));
}

#else

void ShortenTimeSlices() noexcept {}

#endif

}  // namespace slimnet
