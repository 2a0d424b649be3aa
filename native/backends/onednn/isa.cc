#include "backends/onednn/isa.h"

#include <oneapi/dnnl/dnnl.hpp>

namespace slimnet::onednn {

LowPrecisionIsa DetectLowPrecisionIsa() {
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::isa_default:
    case dnnl::cpu_isa::sse41:
    case dnnl::cpu_isa::avx:
      return {};
    case dnnl::cpu_isa::avx2:
      return {.bfloat16 = false, .int8 = true, .exact_int8 = false};
    case dnnl::cpu_isa::avx2_vnni:
      return {.bfloat16 = false, .int8 = true, .exact_int8 = true};
    case dnnl::cpu_isa::avx512_core:
      return {.bfloat16 = true, .int8 = true, .exact_int8 = false};
    case dnnl::cpu_isa::avx2_vnni_2:
    case dnnl::cpu_isa::avx512_core_vnni:
      return {.bfloat16 = true, .int8 = true, .exact_int8 = true};
    // oneDNN has asked the system for the tile registers before it names one of these.
    case dnnl::cpu_isa::avx512_core_amx:
    case dnnl::cpu_isa::avx512_core_amx_fp16:
      return {.bfloat16 = true, .bfloat16_products = true, .int8 = true, .exact_int8 = true, .amx = true};
    default:  // from avx512_core_bf16 on
      return {.bfloat16 = true, .bfloat16_products = true, .int8 = true, .exact_int8 = true};
  }
}

}  // namespace slimnet::onednn
