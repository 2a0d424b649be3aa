# Included by oneDNN's own project() call (CMAKE_PROJECT_INCLUDE): makes its build quicker without touching its files.
#
# - src/cpu/x64 is code that writes code: it runs when a primitive is created, and what it writes does not depend on how
#   it was compiled. -O1 takes a third off its compile time.
# - Every file there includes the same 60,000 lines (the assembler, mostly): they are compiled once.
# - Lists of implementations only choose; the same holds for them.
function(slimnet_quicken)
  target_compile_options(dnnl_cpu_x64 PRIVATE -O1)
  target_precompile_headers(dnnl_cpu_x64 PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/common/dnnl_thread.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/common/memory_tracking.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/common/primitive.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/cpu/cpu_convolution_pd.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/cpu/cpu_primitive.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/cpu/x64/injectors/jit_uni_postops_injector.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/cpu/x64/jit_generator.hpp>"
    "$<$<COMPILE_LANGUAGE:CXX>:${PROJECT_SOURCE_DIR}/src/cpu/x64/jit_primitive_conf.hpp>")
  file(GLOB lists "${PROJECT_SOURCE_DIR}/src/cpu/cpu_*_list.cpp")
  set_source_files_properties(${lists} DIRECTORY "${PROJECT_SOURCE_DIR}/src/cpu" PROPERTIES COMPILE_OPTIONS -O1)
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64|AMD64")
  cmake_language(DEFER DIRECTORY "${CMAKE_SOURCE_DIR}" CALL slimnet_quicken)
endif()
