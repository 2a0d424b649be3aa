#include "addon/diagnostics.h"

#include <string>
#include <vector>

#include "backend/backend.h"
#include "backends/cpu/cpu_features.h"
#include "backends/onednn/diagnostics.h"
#include "base/error.h"
#include "runtime/cores.h"

namespace slimnet {
namespace {

#ifdef NDEBUG
constexpr const char* kBuildType = "release";
#else
constexpr const char* kBuildType = "debug";
#endif

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

constexpr size_t kMostNameBytes = 256;

struct Seen {
  std::string reason;  // empty: available
  DeviceInfo device;
  std::vector<std::string> refused = {};   // by precision: why it cannot be had; empty where it can
  std::vector<std::string> left_out = {};  // ops
};

Seen LookAt(const BackendEntry& entry, int index) {
  try {
    const std::unique_ptr<Backend> backend = entry.make({.threads = 1, .index = index});
    Seen seen{"", backend->device()};
    for (size_t i = 0; i < kPrecisionNames.size(); ++i) {
      seen.refused.push_back(backend->Offers(static_cast<Precision>(i)).reason);
    }
    seen.left_out = OpsLeftOut(*backend);
    return seen;
  } catch (const Error& error) {
    return {error.what(), {}};
  }
}

napi_value Description(napi_env env, const BackendEntry& entry, const std::string& name, const Seen& seen) {
  const napi_value object = js::Object(env);
  js::Set(env, object, "name", js::String(env, name));
  js::Set(env, object, "available", js::Boolean(env, seen.reason.empty()));
  js::Set(env, object, "reason", js::String(env, seen.reason));
  js::Set(env, object, "device", js::String(env, seen.device.name));
  js::Set(env, object, "hardware", js::String(env, seen.device.hardware));
  js::Set(env, object, "features", js::StringArray(env, seen.device.features));
  js::Set(env, object, "sharesHostMemory", js::Boolean(env, seen.device.shares_host_memory));
  js::Set(env, object, "takesGpuOptions", js::Boolean(env, entry.takes_gpu_options));
  js::Set(env, object, "bfloat16Rate", js::Number(env, seen.device.cpu.value_or(CpuInfo()).bfloat16_rate));
  const napi_value refused = js::Object(env);
  for (size_t i = 0; i < seen.refused.size(); ++i) {
    js::Set(env, refused, std::string(kPrecisionNames[i]).c_str(), js::String(env, seen.refused[i]));
  }
  js::Set(env, object, "refused", refused);
  js::Set(env, object, "leftOut", js::StringArray(env, seen.left_out));
  return object;
}

}  // namespace

napi_value BackendNames(const js::Arguments& arguments) {
  std::vector<std::string> names;
  for (const BackendEntry& entry : BackendEntries()) names.push_back(entry.name);
  return js::StringArray(arguments.env(), names);
}

napi_value Backends(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  const bool one = !js::IsUndefined(env, arguments[0]);
  const std::string wanted = one ? js::ReadString(env, arguments[0], "name", kMostNameBytes) : "";
  std::vector<napi_value> list;
  for (const BackendEntry& entry : BackendEntries()) {
    if (one && entry.name != wanted) continue;
    if (const Verdict verdict = entry.available(); !verdict) {
      list.push_back(Description(env, entry, entry.name, {verdict.reason, {}}));
      continue;
    }
    const int devices = entry.devices ? entry.devices() : 1;
    for (int i = 0; i < devices; ++i) {
      const std::string name = i == 0 ? entry.name : entry.name + ":" + std::to_string(i);
      list.push_back(Description(env, entry, name, LookAt(entry, i)));
    }
  }
  return js::Array(env, list);
}

napi_value Diagnostics(const js::Arguments& arguments) {
  const napi_env env = arguments.env();
  uint32_t napi_version = 0;
  js::Check(env, napi_get_version(env, &napi_version));
  const cpu::CpuFeatures features = cpu::DetectCpuFeatures();
  const napi_value object = js::Object(env);
  js::Set(env, object, "napiVersion", js::Number(env, napi_version));
  js::Set(env, object, "compiler", js::String(env, kCompiler));
  js::Set(env, object, "buildType", js::String(env, kBuildType));
  js::Set(env, object, "onednn", js::String(env, onednn::Diagnose().version));
  js::Set(env, object, "cores", js::Number(env, AvailableCores()));
  js::Set(env, object, "cpu", js::String(env, features.model));
  js::Set(env, object, "cpuFeatures", js::StringArray(env, features.names()));
  js::Set(env, object, "amx", js::String(env, Name(features.amx)));
  return object;
}

}  // namespace slimnet
