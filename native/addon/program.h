// Compiled programs as JavaScript sees them.
#pragma once

#include <node_api.h>

#include <memory>

#include "addon/js.h"
#include "addon/store.h"
#include "runtime/program_set.h"

namespace slimnet {

struct ProgramHandle {
  std::shared_ptr<ProgramSet> program;  // null after dispose()
  std::shared_ptr<SharedStore> shared;

  void Finalize(napi_env env) {
    program.reset();
    LetGo(env, shared);
  }
};

napi_value DefineProgramClass(napi_env env);
napi_value CompilePlan(const js::Arguments& arguments);  // addon.compile

}  // namespace slimnet
