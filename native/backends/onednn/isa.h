// What oneDNN may use of this processor for low precision: the processor's sets, less what the user forbids
// (ONEDNN_MAX_CPU_ISA).
#pragma once

namespace slimnet::onednn {

struct LowPrecisionIsa {
  bool bfloat16 = false;           // there are kernels for bfloat16
  bool bfloat16_products = false;  // they multiply such numbers; others convert them first
  bool int8 = false;               // there are kernels for products of 8-bit numbers
  bool exact_int8 = false;         // sums of such products cannot overflow on their way (VNNI or better)
  bool amx = false;                // the matrix unit, which the system has let this process use
};

LowPrecisionIsa DetectLowPrecisionIsa();

}  // namespace slimnet::onednn
