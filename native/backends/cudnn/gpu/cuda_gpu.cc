#include "backends/cudnn/gpu/cuda_gpu.h"

#include <cuda_runtime_api.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

std::string VersionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// Errors behind which CUDA does nothing more for this process.
bool IsSticky(cudaError_t error) {
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
    case cudaErrorContextIsDestroyed:
    case cudaErrorTensorMemoryLeak:
    case cudaErrorMpsClientTerminated:
    case cudaErrorExternalDevice:
    case cudaErrorUnknown:
    case cudaErrorAssert:
      return true;
    default:
      return false;
  }
}

[[noreturn]] void Fail(cudaError_t error, const std::string& what) {
  const std::string said = std::string(cudaGetErrorString(error)) + " (" + cudaGetErrorName(error) + ")";
  cudaGetLastError();  // what is not sticky is forgotten
  if (error == cudaErrorMemoryAllocation) throw Error(ErrorCode::kMemory, what + ": the GPU is out of memory.");
  const char* const more =
      IsSticky(error) ? " The GPU does nothing more for this process: end it and begin again." : "";
  throw Error(ErrorCode::kBackend, what + ": " + said + "." + more);
}

void Check(cudaError_t error, const char* what) {
  if (error != cudaSuccess) Fail(error, what);
}

template <class T>
T* Pointer(DevicePtr pointer) {
  return reinterpret_cast<T*>(pointer.address());
}

class CudaMemory final : public Memory {
 public:
  CudaMemory(int device, size_t bytes) : bytes_(bytes) {
    Check(cudaSetDevice(device), "The GPU cannot be used");
    // Nothing is a place, too.
    const cudaError_t error = cudaMalloc(&start_, bytes == 0 ? 1 : bytes);
    if (error == cudaSuccess) return;
    size_t free = 0, total = 0;
    cudaGetLastError();
    if (error != cudaErrorMemoryAllocation || cudaMemGetInfo(&free, &total) != cudaSuccess) {
      Fail(error, "Could not allocate " + std::to_string(bytes) + " bytes on the GPU");
    }
    throw Error(ErrorCode::kMemory, "The GPU has no " + std::to_string(bytes) + " bytes left: " + std::to_string(free) +
                                        " of " + std::to_string(total) + " are free.");
  }
  ~CudaMemory() override { cudaFree(start_); }
  CudaMemory(const CudaMemory&) = delete;
  CudaMemory& operator=(const CudaMemory&) = delete;
  DevicePtr data() const override { return DevicePtr(reinterpret_cast<uintptr_t>(start_)); }
  size_t bytes() const override { return bytes_; }
  std::byte* host() const override { return nullptr; }

 private:
  void* start_ = nullptr;
  size_t bytes_;
};

class PinnedMemory final : public Memory {
 public:
  explicit PinnedMemory(size_t bytes) : bytes_(bytes) {
    Check(cudaHostAlloc(&start_, bytes == 0 ? 1 : bytes, cudaHostAllocDefault), "Could not pin memory of the host");
  }
  ~PinnedMemory() override { cudaFreeHost(start_); }
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  // The same address on both sides.
  DevicePtr data() const override { return DevicePtr(reinterpret_cast<uintptr_t>(start_)); }
  size_t bytes() const override { return bytes_; }
  std::byte* host() const override { return static_cast<std::byte*>(start_); }

 private:
  void* start_ = nullptr;
  size_t bytes_;
};

class CudaQueue final : public Queue {
 public:
  explicit CudaQueue(int device) : device_(device), complaint_(device, sizeof(Complaint)), read_(sizeof(Complaint)) {
    Check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "The GPU gave no stream");
    ClearComplaint();
  }
  ~CudaQueue() override {
    cudaSetDevice(device_);
    companion().reset();
    cudaStreamDestroy(stream_);
  }
  CudaQueue(const CudaQueue&) = delete;
  CudaQueue& operator=(const CudaQueue&) = delete;

  void Upload(DevicePtr to, std::span<const std::byte> from) override {
    Use();
    Check(cudaMemcpyAsync(Pointer<void>(to), from.data(), from.size(), cudaMemcpyHostToDevice, stream_),
          "Copying to the GPU failed");
  }
  void Download(std::span<std::byte> to, DevicePtr from) override {
    Use();
    Check(cudaMemcpyAsync(to.data(), Pointer<const void>(from), to.size(), cudaMemcpyDeviceToHost, stream_),
          "Copying from the GPU failed");
  }
  void Copy(DevicePtr to, DevicePtr from, size_t bytes) override {
    Use();
    Check(cudaMemcpyAsync(Pointer<void>(to), Pointer<const void>(from), bytes, cudaMemcpyDeviceToDevice, stream_),
          "Copying on the GPU failed");
  }
  void Fill(DevicePtr to, std::byte value, size_t bytes) override {
    Use();
    Check(cudaMemsetAsync(Pointer<void>(to), static_cast<int>(value), bytes, stream_), "Filling on the GPU failed");
  }

  void Wait() override {
    Use();
    const std::vector<const Complainant*> steps = std::exchange(steps_, {});
    if (!steps.empty()) {
      Check(cudaMemcpyAsync(read_.host(), complaint(), sizeof(Complaint), cudaMemcpyDeviceToHost, stream_),
            "Copying from the GPU failed");
    }
    Check(cudaStreamSynchronize(stream_), "A step on the GPU failed");
    if (steps.empty()) return;
    Complaint found;
    std::memcpy(&found, read_.host(), sizeof found);
    if (found.key == Complaint::kNone) return;
    ClearComplaint();
    const uint64_t index = found.key & ((uint64_t{1} << Complaint::kIndexBits) - 1);
    steps.at(found.key >> Complaint::kIndexBits)->Complain(static_cast<int64_t>(index), found.value);
  }

  // Whoever asks launches something: kernels and cuDNN do that on the current GPU, which is another one where this
  // thread last used another.
  void* native() override {
    Use();
    return stream_;
  }
  void Do(std::function<void()>) override {
    throw Error(ErrorCode::kInternal, "The host has nothing to do in the queue of a GPU.");
  }
  void Launched(std::string_view kernel) override {
    const cudaError_t error = cudaGetLastError();
    if (error != cudaSuccess) Fail(error, "The GPU refused the kernel " + std::string(kernel));
  }
  std::byte* Address(DevicePtr pointer) override { return Pointer<std::byte>(pointer); }

  Complaint* complaint() override { return Pointer<Complaint>(complaint_.data()); }
  uint64_t Register(const Complainant& step) override {
    steps_.push_back(&step);
    return steps_.size() - 1;
  }

  // The calling thread alone is bound to what a recording allows; others go on with their own queues.
  void BeginRecording() {
    Use();
    recorded_from_ = steps_.size();
    Check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "The GPU could not record work");
  }
  // What was registered is so when the work is replayed.
  cudaGraph_t EndRecording(std::vector<const Complainant*>& steps) {
    Use();
    const auto first = steps_.begin() + static_cast<ptrdiff_t>(recorded_from_);
    steps.assign(first, steps_.end());
    steps_.erase(first, steps_.end());
    cudaGraph_t graph = nullptr;
    const cudaError_t error = cudaStreamEndCapture(stream_, &graph);
    if (error == cudaSuccess && graph != nullptr) return graph;
    Fail(error == cudaSuccess ? cudaErrorStreamCaptureInvalidated : error, "The GPU could not record work");
  }
  size_t registered() const { return steps_.size(); }
  void Replay(cudaGraphExec_t work, size_t registered_before, const std::vector<const Complainant*>& steps) {
    if (!steps.empty() && steps_.size() != registered_before) {
      throw Error(ErrorCode::kInternal, "Recorded work was queued where other steps may complain than before.");
    }
    Use();
    Check(cudaGraphLaunch(work, stream_), "The GPU refused recorded work");
    steps_.insert(steps_.end(), steps.begin(), steps.end());
  }

 private:
  void Use() const { Check(cudaSetDevice(device_), "The GPU cannot be used"); }
  void ClearComplaint() {
    const Complaint none;
    std::memcpy(read_.host(), &none, sizeof none);
    Check(cudaMemcpyAsync(complaint(), read_.host(), sizeof none, cudaMemcpyHostToDevice, stream_),
          "Copying to the GPU failed");
    Check(cudaStreamSynchronize(stream_), "A step on the GPU failed");
  }

  int device_;
  CudaMemory complaint_;
  PinnedMemory read_;
  cudaStream_t stream_ = nullptr;
  std::vector<const Complainant*> steps_;
  size_t recorded_from_ = 0;  // of steps_, while work is recorded
};

CudaQueue& Cuda(Queue& queue) { return static_cast<CudaQueue&>(queue); }
cudaStream_t StreamBehind(Queue& queue) { return static_cast<cudaStream_t>(queue.native()); }

class CudaEvent final : public Event {
 public:
  CudaEvent() { Check(cudaEventCreate(&event_), "The GPU gave no event"); }
  ~CudaEvent() override { cudaEventDestroy(event_); }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;
  void Record(Queue& queue) override { Check(cudaEventRecord(event_, StreamBehind(queue)), "An event failed"); }
  void Hold(Queue& queue) override {
    Check(cudaStreamWaitEvent(StreamBehind(queue), event_, cudaEventWaitDefault), "An event failed");
  }
  void Wait() override { Check(cudaEventSynchronize(event_), "A step on the GPU failed"); }
  double MillisecondsSince(const Event& earlier) override {
    float time = 0;
    Check(cudaEventElapsedTime(&time, static_cast<const CudaEvent&>(earlier).event_, event_), "An event failed");
    return time;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

class CudaRecording final : public Recording {
 public:
  // Ends the recording of a queue.
  explicit CudaRecording(CudaQueue& queue) {
    const cudaGraph_t graph = queue.EndRecording(steps_);
    registered_before_ = queue.registered();
    const cudaError_t error = cudaGraphInstantiate(&executable_, graph, 0);
    cudaGraphDestroy(graph);  // what can be launched has all it needs
    if (error != cudaSuccess) Fail(error, "The GPU took no recorded work");
  }
  ~CudaRecording() override { cudaGraphExecDestroy(executable_); }
  CudaRecording(const CudaRecording&) = delete;
  CudaRecording& operator=(const CudaRecording&) = delete;
  void Replay(Queue& queue) override { Cuda(queue).Replay(executable_, registered_before_, steps_); }

 private:
  std::vector<const Complainant*> steps_;
  size_t registered_before_ = 0;
  cudaGraphExec_t executable_ = nullptr;
};

class CudaGpu final : public Gpu {
 public:
  explicit CudaGpu(int index) {
    cudaDeviceProp device{};
    Check(cudaGetDeviceProperties(&device, index), "The GPU cannot be used");
    properties_.index = index;
    properties_.name = device.name;
    properties_.memory_bytes = device.totalGlobalMem;
    properties_.compute_capability = 10 * device.major + device.minor;
    properties_.multiprocessors = device.multiProcessorCount;
    Check(cudaDriverGetVersion(&properties_.driver_version), "The driver cannot be used");
    Check(cudaRuntimeGetVersion(&properties_.runtime_version), "CUDA's runtime cannot be used");
    MakeCurrent();
  }

  const GpuProperties& properties() const override { return properties_; }
  size_t free_bytes() override {
    MakeCurrent();
    size_t free = 0, total = 0;
    Check(cudaMemGetInfo(&free, &total), "The GPU cannot be used");
    return free;
  }
  void MakeCurrent() override { Check(cudaSetDevice(properties_.index), "The GPU cannot be used"); }

  std::unique_ptr<Memory> Allocate(size_t bytes) override {
    return std::make_unique<CudaMemory>(properties_.index, bytes);
  }
  std::unique_ptr<Memory> AllocatePinned(size_t bytes) override {
    MakeCurrent();
    return std::make_unique<PinnedMemory>(bytes);
  }
  std::unique_ptr<Queue> NewQueue() override {
    MakeCurrent();
    return std::make_unique<CudaQueue>(properties_.index);
  }
  std::unique_ptr<Event> NewEvent() override {
    MakeCurrent();
    return std::make_unique<CudaEvent>();
  }

  void BeginRecording(Queue& queue) override { Cuda(queue).BeginRecording(); }
  std::unique_ptr<Recording> EndRecording(Queue& queue) override {
    return std::make_unique<CudaRecording>(Cuda(queue));
  }

 private:
  GpuProperties properties_;
};

}  // namespace

int CountGpus() {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error == cudaSuccess && count > 0) return count;
  cudaGetLastError();
  int driver = 0;
  int runtime = 0;
  cudaRuntimeGetVersion(&runtime);
  if (cudaDriverGetVersion(&driver) != cudaSuccess || driver == 0) {
    throw Error(ErrorCode::kBackend, "NVIDIA's driver is missing (libcuda.so.1): install a driver for CUDA " +
                                         VersionText(runtime) + " or later");
  }
  if (driver < runtime / 1000 * 1000) {
    throw Error(ErrorCode::kBackend, "NVIDIA's driver is for CUDA " + VersionText(driver) + ", and one for CUDA " +
                                         VersionText(runtime / 1000 * 1000) + " or later is needed");
  }
  if (error == cudaSuccess || error == cudaErrorNoDevice) {
    throw Error(ErrorCode::kBackend, "there is no NVIDIA GPU that this process may use");
  }
  throw Error(ErrorCode::kBackend, std::string("the GPUs cannot be used: ") + cudaGetErrorString(error));
}

std::shared_ptr<Gpu> OpenGpu(int index) { return std::make_shared<CudaGpu>(index); }

}  // namespace slimnet::cudnn
