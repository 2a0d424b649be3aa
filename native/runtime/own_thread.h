// The threads that slimnet makes, and their time slices beside those of everybody else in the process.
//
// Where all cores compute, a thread that wakes up waits for the end of another's slice, which Linux notices at the next
// tick of a clock, up to 4 ms later. One whose own slices are shorter may interrupt it (Linux 6.12 and newer); its
// share of the processor stays the same. So who computes has the usual slices, and the event loop, file operations and
// all others of the process have short ones. Nothing of this is done on other systems, or to threads with a policy or
// shorter slices of their own.
#pragma once

#include <cstdint>

namespace slimnet {

enum class TimeSlices : uint8_t {
  kUsual,    // for long computations: not the short ones that its maker may have
  kOfMaker,  // as the thread that made this one, which waits for it
};

// The first thing that a thread of ours does. It gets no signals, which are the business of Node's threads, and is
// called "slimnet-" and `role`, of 7 characters at most.
void BeginOwnThread(const char* role, TimeSlices slices) noexcept;

// Short time slices for all threads that the process has now, but for slimnet's own; what these make later inherits
// them.
void ShortenTimeSlicesOfOthers() noexcept;

}  // namespace slimnet
