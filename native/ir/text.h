// How numbers and strings are written in a plan.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slimnet {

// As JavaScript's String(number) writes it (shortest text that reads back as the same double), with inf, -inf, nan and
// -0.
std::string NumberText(double value);

// A reference to the value of that number: `%3`.
std::string ValueText(int32_t value);

// In double quotes; only `"`, `\` and control characters are escaped.
std::string Quote(std::string_view text);

// True when the bytes are well-formed UTF-8 (no surrogates, nothing overlong).
bool IsUtf8(std::string_view bytes);

}  // namespace slimnet
