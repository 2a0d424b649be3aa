#include "runtime/own_thread.h"

#include <pthread.h>
#include <signal.h>

#include <charconv>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace slimnet {
namespace {

constexpr std::string_view kPrefix = "slimnet-";

#if defined(__linux__) && defined(SYS_sched_getattr) && defined(SYS_sched_setattr)

constexpr pid_t kThisThread = 0;
constexpr uint32_t kUsualPolicy = 0;       // SCHED_OTHER
constexpr uint64_t kUsualSlice = 0;        // what the kernel is asked for: 0.7 to 3 ms
constexpr uint64_t kShortSlice = 300'000;  // nanoseconds; 0.1 ms does no more, 0.7 ms does less

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

// Sets the slice of a thread where `wanted` says so of the slice that it has. Where the system refuses, things stay as
// they were.
template <class Wanted>
void SetTimeSlice(pid_t thread, uint64_t slice, const Wanted& wanted) noexcept {
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, thread, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != kUsualPolicy || !wanted(attributes.runtime)) return;
  attributes.runtime = slice;
  static_cast<void>(syscall(SYS_sched_setattr, thread, &attributes, 0));
}

void Shorten(pid_t thread) noexcept {
  SetTimeSlice(thread, kShortSlice, [](uint64_t slice) { return slice > kShortSlice; });
}

void ShortenAll() {
  Shorten(kThisThread);  // there may be no /proc
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::string name;
    std::getline(std::ifstream(entry.path() / "comm"), name);
    const std::string number = entry.path().filename();
    pid_t thread = 0;
    std::from_chars(number.data(), number.data() + number.size(), thread);
    if (thread > 0 && !name.starts_with(kPrefix)) Shorten(thread);
  }
}

// Only where they are those of above: others are somebody's choice.
void UseUsualTimeSlices() noexcept {
  SetTimeSlice(kThisThread, kUsualSlice, [](uint64_t slice) { return slice == kShortSlice; });
}

#else

void ShortenAll() {}
void UseUsualTimeSlices() noexcept {}

#endif

}  // namespace

void BeginOwnThread(const char* role, TimeSlices slices) noexcept {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
#if defined(__linux__)
  pthread_setname_np(pthread_self(), (std::string(kPrefix) + role).c_str());
#endif
  if (slices == TimeSlices::kUsual) UseUsualTimeSlices();
}

void ShortenTimeSlicesOfOthers() noexcept {
  try {
    ShortenAll();
  } catch (const std::exception&) {
    // No memory, or a thread that ended meanwhile: it is a matter of milliseconds, not of results.
  }
}

}  // namespace slimnet
