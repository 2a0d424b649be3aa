// What the oneDNN in this build is and what it uses of the processor. Includes no oneDNN header.
#pragma once

#include <string>

namespace slimnet::onednn {

struct Diagnostics {
  std::string version;            // of the library that is linked, e.g. "3.7.2"
  std::string effective_isa;      // highest instruction set that its kernels use, e.g. "avx512_core_amx"
  bool executable_memory = true;  // whether this process may run code that it generates
};

Diagnostics Diagnose();

// Whether the system lets this process map memory, write code into it and run it. Kernels are generated that way.
bool MayGenerateCode();

}  // namespace slimnet::onednn
