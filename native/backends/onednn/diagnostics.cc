#include "backends/onednn/diagnostics.h"

#include <sys/mman.h>
#include <unistd.h>

#include <oneapi/dnnl/dnnl.hpp>

namespace slimnet::onednn {
namespace {

std::string IsaName(dnnl::cpu_isa isa) {
  switch (isa) {
    case dnnl::cpu_isa::sse41:
      return "sse41";
    case dnnl::cpu_isa::avx:
      return "avx";
    case dnnl::cpu_isa::avx2:
      return "avx2";
    case dnnl::cpu_isa::avx2_vnni:
      return "avx2_vnni";
    case dnnl::cpu_isa::avx2_vnni_2:
      return "avx2_vnni_2";
    case dnnl::cpu_isa::avx512_core:
      return "avx512_core";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "avx512_core_vnni";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "avx512_core_bf16";
    case dnnl::cpu_isa::avx512_core_fp16:
      return "avx512_core_fp16";
    case dnnl::cpu_isa::avx512_core_amx:
      return "avx512_core_amx";
    case dnnl::cpu_isa::avx512_core_amx_fp16:
      return "avx512_core_amx_fp16";
    default:
      // Sets that are younger than this list, and the one that every processor has.
      return isa == dnnl::cpu_isa::isa_default ? "default" : "isa_" + std::to_string(static_cast<int>(isa));
  }
}

}  // namespace

Diagnostics Diagnose() {
  const dnnl_version_t* version = dnnl_version();
  return {std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch),
          IsaName(dnnl::get_effective_cpu_isa()), MayGenerateCode()};
}

bool MayGenerateCode() {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* memory = mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  const bool allowed = mprotect(memory, page, PROT_READ | PROT_EXEC) == 0;
  munmap(memory, page);
  return allowed;
}

}  // namespace slimnet::onednn
