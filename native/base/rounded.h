// A double rounded to another type and back.
#pragma once

namespace slimnet {

// GCC 12 takes the two conversions of doubles that lie side by side for nothing, once it has made vectors of them
// (-ftree-slp-vectorize, which -O2 implies): the numbers are then not rounded. It cannot do so with what it must store.
// For numbers that are computed once, not for loops over elements.
template <class T>
double RoundedTo(double value) {
  const volatile T rounded = static_cast<T>(value);
  return static_cast<double>(rounded);
}

}  // namespace slimnet
