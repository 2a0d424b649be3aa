# What the cuDNN backend is tested with, and what its library is built with. Neither cuDNN's headers nor CUDA's are needed
# for the tests, and everything but that library builds without CUDA.
#
#   slimnet_cudnn_library  the pinned cuDNN that tests open; empty where it cannot be had, for slimnet_cudnn_missing
#   SLIMNET_NVCC           CUDA's compiler: slimnet_cudnn.so is built where it is found
set(slimnet_cudnn_library "")
set(slimnet_cudnn_missing "")
if(SLIMNET_TESTS)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    set(slimnet_cudnn_missing "cuDNN is for Linux on x86-64")
  else()
    find_program(SLIMNET_NODE node REQUIRED)
    execute_process(
      COMMAND "${SLIMNET_NODE}" "${PROJECT_SOURCE_DIR}/scripts/third_party.mjs" cudnn
      OUTPUT_VARIABLE cudnn_root OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
    if(status EQUAL 0)
      set(slimnet_cudnn_library "${cudnn_root}/nvidia/cudnn_jit/lib/libcudnn.so.9")
    else()
      set(slimnet_cudnn_missing "its package could not be obtained; node scripts/third_party.mjs cudnn says why")
    endif()
  endif()
  if(slimnet_cudnn_missing)
    message(STATUS "The cuDNN backend is not tested: ${slimnet_cudnn_missing}")
  endif()
endif()

find_program(SLIMNET_NVCC nvcc HINTS "$ENV{CUDA_HOME}/bin" "/usr/local/cuda/bin")
