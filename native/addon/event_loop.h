// The thread that has the event loop, beside threads that compute without a pause.
#pragma once

namespace slimnet {

// Asks Linux for short time slices for the calling thread. Where all cores compute, a thread that wakes up waits for
// the end of another's slice, which is noticed at the next tick of a clock, up to 4 ms later; one whose own slices are
// shorter may interrupt it (Linux 6.12 and newer). Its share of the processor stays the same. Does nothing where the
// thread is not scheduled as usual, has short slices already, or the system knows of no slices.
void ShortenTimeSlices() noexcept;

}  // namespace slimnet
