// An ordered queue of work on a GPU: all that kernels know of the device. Light enough for nvcc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "backend/device_ptr.h"

namespace slimnet::cudnn {

// Where kernels say that they were given values which they cannot take (a label out of range). One lies in the memory
// of the device for each queue; Queue::Wait reads it, and makes an error of it.
struct Complaint {
  static constexpr uint64_t kNone = ~uint64_t{0};
  static constexpr int kIndexBits = 44;

  // What a kernel stores, by an atomic minimum, so that the first step and its first element win.
  static constexpr uint64_t Key(uint64_t step, uint64_t index) { return step << kIndexBits | index; }

  uint64_t key = kNone;
  int64_t value = 0;  // of that element; stored by whoever finds its own key here afterwards
};

// Makes the error of what its step complained about. Lives as long as the queue may do the step.
class Complainant {
 public:
  virtual ~Complainant() = default;
  // Throws Error{kExecution} that names the node.
  [[noreturn]] virtual void Complain(int64_t index, int64_t value) const = 0;
};

// What another part of the backend keeps for a queue: cuDNN's handle for its stream.
class Companion {
 public:
  virtual ~Companion() = default;
};

// A CUDA stream; in software, closures that are done in Wait. Used by one thread at a time. What is queued may be done
// later: memory that it needs stays as it is until Wait returns or throws.
class Queue {
 public:
  virtual ~Queue() = default;
  virtual void Upload(DevicePtr to, std::span<const std::byte> from) = 0;
  virtual void Download(std::span<std::byte> to, DevicePtr from) = 0;
  // Within the device; the two do not overlap.
  virtual void Copy(DevicePtr to, DevicePtr from, size_t bytes) = 0;
  virtual void Fill(DevicePtr to, std::byte value, size_t bytes) = 0;
  // Returns when everything is done. Throws what failed first: Error{kExecution} of a complaint, Error{kMemory}, or
  // Error{kBackend} of the device. The queue is empty afterwards in either case.
  virtual void Wait() = 0;

  // The cudaStream_t, whose GPU is current on this thread then; null in software.
  virtual void* native() = 0;
  // Software only: the form of a kernel for g++ queues its loop here.
  virtual void Do(std::function<void()> work) = 0;
  // After each launch of a kernel, by its name. Throws Error{kBackend} if the launch failed; never waits for the
  // kernel.
  virtual void Launched(std::string_view kernel) = 0;
  // As kernels see a place: the address itself, in software the mapping that the host may touch. Null stays null.
  virtual std::byte* Address(DevicePtr pointer) = 0;
  template <class T>
  T* At(DevicePtr pointer) {
    return reinterpret_cast<T*>(Address(pointer));
  }

  // Where the queue's Complaint lies, as kernels see it.
  virtual Complaint* complaint() = 0;
  // The number of a step that may complain, for Complaint::Key: counted from 0 behind each Wait.
  virtual uint64_t Register(const Complainant& step) = 0;

  // Of whoever queues here, who makes it when it is first wanted. It goes with the queue, and before its stream does.
  std::unique_ptr<Companion>& companion() { return companion_; }

 private:
  std::unique_ptr<Companion> companion_;
};

}  // namespace slimnet::cudnn
