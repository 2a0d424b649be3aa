#include "backends/cpu/cpu_features.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace slimnet::cpu {
namespace {

std::string Architecture() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.machine) : std::string("unknown");
}

#if defined(__x86_64__)

struct Registers {
  uint32_t eax = 0;
  uint32_t ebx = 0;
  uint32_t ecx = 0;
  uint32_t edx = 0;
};

// Zeros for a leaf that the processor does not have.
Registers Cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  Registers r;
  if (__get_cpuid_count(leaf, subleaf, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) return {};
  return r;
}

constexpr bool Bit(uint32_t value, int bit) { return ((value >> bit) & 1U) != 0; }

// Register states that the operating system saves; an instruction set without its state must not be used.
uint64_t EnabledStates() {
  if (!Bit(Cpuid(1).ecx, 27)) return 0;  // OSXSAVE
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t{high} << 32) | low;
}

constexpr uint64_t kAvxStates = 0x6;       // SSE and AVX registers
constexpr uint64_t kAvx512States = 0xe6;   // and the masks and upper halves
constexpr uint64_t kTileStates = 0x60000;  // tile configuration and data
constexpr uint64_t kTileDataState = 1 << 18;

std::string BrandString() {
  std::array<char, 49> text{};
  for (uint32_t i = 0; i < 3; ++i) {
    const Registers r = Cpuid(0x80000002U + i);
    std::memcpy(text.data() + 16 * i, &r, 16);
  }
  std::string brand(text.data());
  const size_t first = brand.find_first_not_of(' ');
  const size_t last = brand.find_last_not_of(' ');
  return first == std::string::npos ? Architecture() : brand.substr(first, last - first + 1);
}

// The kernel's word on tile data, without asking for the permission.
AmxState AskForTiles([[maybe_unused]] uint64_t states) {
#if defined(__linux__) && defined(SYS_arch_prctl)
  constexpr int kGetSupported = 0x1021;  // ARCH_GET_XCOMP_SUPP
  constexpr int kGetPermitted = 0x1022;  // ARCH_GET_XCOMP_PERM
  uint64_t mask = 0;
  if (::syscall(SYS_arch_prctl, kGetPermitted, &mask) != 0) return AmxState::kRefused;
  if ((mask & kTileDataState) != 0) return AmxState::kGranted;
  mask = 0;
  if (::syscall(SYS_arch_prctl, kGetSupported, &mask) != 0) return AmxState::kRefused;
  return (mask & kTileDataState) != 0 && (states & kTileStates) == kTileStates ? AmxState::kAvailable
                                                                               : AmxState::kRefused;
#else
  return AmxState::kRefused;
#endif
}

#endif

// First number in a file, or 0.
uint64_t NumberIn(const char* path) {
  std::ifstream file(path);
  uint64_t value = 0;
  return file >> value ? value : 0;
}

}  // namespace

CpuFeatures DetectCpuFeatures() {
  CpuFeatures f;
#if defined(__x86_64__)
  f.model = BrandString();
  const uint64_t states = EnabledStates();
  const Registers one = Cpuid(1);
  const Registers seven = Cpuid(7);
  const Registers more = Cpuid(7, 1);
  const bool avx = (states & kAvxStates) == kAvxStates && Bit(one.ecx, 28);
  f.avx2 = avx && Bit(seven.ebx, 5);
  f.fma = avx && Bit(one.ecx, 12);
  f.avx_vnni = avx && Bit(more.eax, 4);
  const bool wide = avx && (states & kAvx512States) == kAvx512States;
  f.avx512f = wide && Bit(seven.ebx, 16);
  f.avx512dq = f.avx512f && Bit(seven.ebx, 17);
  f.avx512bw = f.avx512f && Bit(seven.ebx, 30);
  f.avx512vl = f.avx512f && Bit(seven.ebx, 31);
  f.avx512_vnni = f.avx512f && Bit(seven.ecx, 11);
  f.avx512_fp16 = f.avx512f && Bit(seven.edx, 23);
  f.avx512_bf16 = f.avx512f && Bit(more.eax, 5);
  if (Bit(seven.edx, 24)) f.amx = AskForTiles(states);
  f.amx_tile = f.amx == AmxState::kAvailable || f.amx == AmxState::kGranted;
  f.amx_bf16 = f.amx_tile && Bit(seven.edx, 22);
  f.amx_int8 = f.amx_tile && Bit(seven.edx, 25);
  f.amx_fp16 = f.amx_tile && Bit(more.eax, 21);
#else
  f.model = Architecture();
#endif
  return f;
}

std::vector<std::string> CpuFeatures::names() const {
  const std::array<std::pair<bool, const char*>, 14> all{{
      {avx2, "avx2"},
      {fma, "fma"},
      {avx512f, "avx512f"},
      {avx512bw, "avx512bw"},
      {avx512vl, "avx512vl"},
      {avx512dq, "avx512dq"},
      {avx512_vnni, "avx512_vnni"},
      {avx512_bf16, "avx512_bf16"},
      {avx512_fp16, "avx512_fp16"},
      {avx_vnni, "avx_vnni"},
      {amx_tile, "amx_tile"},
      {amx_bf16, "amx_bf16"},
      {amx_int8, "amx_int8"},
      {amx_fp16, "amx_fp16"},
  }};
  std::vector<std::string> found;
  for (const auto& [present, name] : all) {
    if (present) found.emplace_back(name);
  }
  return found;
}

size_t HostMemoryBytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  uint64_t bytes = pages > 0 && page > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page) : 0;
  // A control group without a limit says "max" (version 2) or a huge number (version 1).
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const uint64_t limit = NumberIn(path);
    if (limit > 0 && (bytes == 0 || limit < bytes)) bytes = limit;
  }
  return bytes;
}

size_t SecondLevelCacheBytes() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  if (const long bytes = ::sysconf(_SC_LEVEL2_CACHE_SIZE); bytes > 0) return static_cast<size_t>(bytes);
#endif
  // In KiB, with a K behind it.
  return NumberIn("/sys/devices/system/cpu/cpu0/cache/index2/size") * 1024;
}

}  // namespace slimnet::cpu
