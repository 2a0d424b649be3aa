// One body, two compilers. nvcc makes a kernel of it, g++ a loop, so that what the device runs is tested on any
// processor, under sanitizers. A `.cu` file does nothing but include `.cc` files of this folder.
//
// Kernels are compiled without contraction of products and sums (-fmad=false): what they add, multiply, divide and take
// roots of has the same bits on both. exp, log, pow and their like are each library's own.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "backends/cudnn/gpu/queue.h"

// What runs on the device is marked with SLIMNET_BODY.
#ifdef __CUDACC__
#define SLIMNET_BODY __host__ __device__ __forceinline__
#else
#define SLIMNET_BODY inline
#endif
// Before a loop over registers.
#ifdef __CUDA_ARCH__
#define SLIMNET_UNROLL _Pragma("unroll")
#else
#define SLIMNET_UNROLL
#endif

namespace slimnet::cudnn {

inline constexpr int kThreads = 256;  // of a block

namespace detail {

#ifdef __CUDACC__
// More blocks than run at once: a block is handed out when another one is done.
inline constexpr int64_t kMostBlocks = 1 << 16;
// Of a multiprocessor, at least: a thread has 128 registers then, and the compiler need not save them in memory.
inline constexpr int kBlocksAtOnce = 2;

inline unsigned GridOf(int64_t blocks) { return static_cast<unsigned>(std::min(blocks, kMostBlocks)); }
inline cudaStream_t StreamOf(Queue& queue) { return static_cast<cudaStream_t>(queue.native()); }

template <class Body>
__global__ void __launch_bounds__(kThreads, kBlocksAtOnce)
    EachKernel(int64_t count, const __grid_constant__ Body body) {
  const int64_t step = int64_t{gridDim.x} * kThreads;
  for (int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x; i < count; i += step) body(i);
}

// The threads of a block.
struct Team {
  template <class Work>
  __device__ __forceinline__ void Each(const Work& work) const {
    work(static_cast<int>(threadIdx.x));
    __syncthreads();
  }
};

template <class Body>
__global__ void __launch_bounds__(kThreads, kBlocksAtOnce)
    BlocksKernel(int64_t blocks, const __grid_constant__ Body body) {
  __shared__ typename Body::Shared shared;
  for (int64_t block = blockIdx.x; block < blocks; block += gridDim.x) body(Team{}, block, shared);
}
#else
// Neighbouring blocks have their threads run in opposite orders: a body that lacks a barrier gives different results.
class Team {
 public:
  explicit Team(int64_t block) : backwards_(block % 2 != 0) {}
  template <class Work>
  void Each(const Work& work) const {
    for (int i = 0; i < kThreads; ++i) work(backwards_ ? kThreads - 1 - i : i);
  }

 private:
  bool backwards_;
};
#endif

}  // namespace detail

// body(0) .. body(count - 1), in any order and at once. `name` is that of the kernel, for errors.
template <class Body>
void Each(Queue& queue, std::string_view name, int64_t count, const Body& body) {
  if (count <= 0) return;
#ifdef __CUDACC__
  detail::EachKernel<<<detail::GridOf((count + kThreads - 1) / kThreads), kThreads, 0, detail::StreamOf(queue)>>>(count,
                                                                                                                  body);
  queue.Launched(name);
#else
  static_cast<void>(name);
  queue.Do([count, body] {
    for (int64_t i = 0; i < count; ++i) body(i);
  });
#endif
}

// body(team, 0, shared) .. body(team, blocks - 1, shared), each by kThreads threads that share memory:
// team.Each(work) has work(0) .. work(kThreads - 1) done at once, and all of it when it returns. Outside of that a body
// does what is the same for all threads. Body::Shared has no constructor; what it holds is not defined at first.
template <class Body>
void Blocks(Queue& queue, std::string_view name, int64_t blocks, const Body& body) {
  if (blocks <= 0) return;
#ifdef __CUDACC__
  static_assert(sizeof(Body) <= 4000, "the parameters of a kernel");
  detail::BlocksKernel<<<detail::GridOf(blocks), kThreads, 0, detail::StreamOf(queue)>>>(blocks, body);
  queue.Launched(name);
#else
  static_cast<void>(name);
  queue.Do([blocks, body] {
    typename Body::Shared shared;
    for (int64_t block = 0; block < blocks; ++block) {
      std::memset(static_cast<void*>(&shared), 0xff, sizeof shared);  // NaN, and indices out of range
      body(detail::Team(block), block, shared);
    }
  });
#endif
}

// *at = min(*at, value), whoever else does the same.
SLIMNET_BODY void StoreSmallest(uint64_t* at, uint64_t value) {
#ifdef __CUDA_ARCH__
  atomicMin(reinterpret_cast<unsigned long long*>(at), static_cast<unsigned long long>(value));
#else
  *at = value < *at ? value : *at;
#endif
}

// 16 bytes that are read or written at once.
struct alignas(16) Word {
  uint32_t part[4];
};

SLIMNET_BODY Word LoadWord(const void* aligned) {
#ifdef __CUDA_ARCH__
  const uint4 loaded = *static_cast<const uint4*>(aligned);
  return {{loaded.x, loaded.y, loaded.z, loaded.w}};
#else
  Word word;
  std::memcpy(&word, aligned, sizeof word);
  return word;
#endif
}

struct alignas(8) HalfWord {
  uint32_t part[2];
};

SLIMNET_BODY HalfWord LoadHalfWord(const void* aligned) {
#ifdef __CUDA_ARCH__
  const uint2 loaded = *static_cast<const uint2*>(aligned);
  return {{loaded.x, loaded.y}};
#else
  HalfWord word;
  std::memcpy(&word, aligned, sizeof word);
  return word;
#endif
}

SLIMNET_BODY void StoreHalfWord(void* aligned, const HalfWord& word) {
#ifdef __CUDA_ARCH__
  *static_cast<uint2*>(aligned) = make_uint2(word.part[0], word.part[1]);
#else
  std::memcpy(aligned, &word, sizeof word);
#endif
}

SLIMNET_BODY void StoreWord(void* aligned, const Word& word) {
#ifdef __CUDA_ARCH__
  *static_cast<uint4*>(aligned) = make_uint4(word.part[0], word.part[1], word.part[2], word.part[3]);
#else
  std::memcpy(aligned, &word, sizeof word);
#endif
}

}  // namespace slimnet::cudnn
