// The seam between the cuDNN backend and the device: what it uses of CUDA, and what runs a plan of cuDNN's. There are
// two of each: cuda_gpu.cc, and software that tests alone have (test/native/devices/cudnn_software). Nobody else sees
// CUDA's headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "backend/backend.h"
#include "backends/cudnn/gpu/queue.h"

namespace slimnet::cudnn {

class Plan;  // graph/

struct GpuProperties {
  int index = 0;     // among the GPUs that this process sees
  std::string name;  // NVIDIA H200
  size_t memory_bytes = 0;
  int compute_capability = 0;  // 90: 9.0
  int multiprocessors = 0;
  int driver_version = 0;   // of CUDA that the driver supports, 13000: 13.0
  int runtime_version = 0;  // of CUDA that this library was built with
  // cuDNN's text of the device, for plans that are made without one; empty: cuDNN asks the device itself.
  std::string deviceless;
};

std::string Describe(const GpuProperties& gpu);  // NVIDIA H200, compute capability 9.0

// A moment in a queue, for order between queues and for times.
class Event {
 public:
  virtual ~Event() = default;
  virtual void Record(Queue& queue) = 0;
  // What is queued later waits for the recorded moment, without the host.
  virtual void Hold(Queue& queue) = 0;
  // Waits on the host until the moment has come.
  virtual void Wait() = 0;
  // From an earlier event to this one, both past. Software: 0.
  virtual double MillisecondsSince(const Event& earlier) = 0;
};

// Work that was recorded once and is queued as a whole: a CUDA graph. What it was recorded from (plans, complainants,
// memory) lives as long as it does. Steps that may complain have the numbers that they had (Queue::Register): as many
// are registered before as were when it was recorded.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void Replay(Queue& queue) = 0;
};

// One GPU as this process uses it. Safe to share between threads. All throws Error: kMemory where memory runs out,
// kBackend for everything else that the device refuses.
class Gpu {
 public:
  virtual ~Gpu() = default;
  virtual const GpuProperties& properties() const = 0;
  virtual size_t free_bytes() = 0;
  // Makes it the one that cuDNN and kernels mean on the calling thread. Cheap.
  virtual void MakeCurrent() = 0;

  // What it holds is not defined.
  virtual std::unique_ptr<Memory> Allocate(size_t bytes) = 0;
  // Memory of the host that the device reaches by itself; host() is not null.
  virtual std::unique_ptr<Memory> AllocatePinned(size_t bytes) = 0;
  virtual std::unique_ptr<Queue> NewQueue() = 0;
  virtual std::unique_ptr<Event> NewEvent() = 0;

  // What is queued between the two is recorded and not done. Meanwhile the thread neither waits nor allocates, and
  // copies between the device and pinned memory alone: else EndRecording throws Error{kBackend}, with what was wrong.
  // Afterwards the queue does what it is given, in either case.
  virtual void BeginRecording(Queue& queue) = 0;
  virtual std::unique_ptr<Recording> EndRecording(Queue& queue) = 0;
};

// A tensor of a plan: its unique id and where it lies. One that the graph has by value is a pointer of the host.
struct Port {
  int64_t id = 0;
  DevicePtr device = {};
  const void* by_value = nullptr;
};

class PlanRunner {
 public:
  virtual ~PlanRunner() = default;
  // Queues one run of the plan. `ports` is read meanwhile, and not later; what by_value points to is copied.
  virtual void Run(const Plan& plan, std::span<const Port> ports, DevicePtr workspace, Queue& queue) = 0;
};

}  // namespace slimnet::cudnn
