# GoogleTest for the native tests: the installed one, or the pinned sources that scripts/third_party.mjs gets. Defines
# slimnet_googletest (with its main function).
add_library(slimnet_googletest INTERFACE)
find_package(GTest 1.12 CONFIG QUIET)
if(GTest_FOUND)
  target_link_libraries(slimnet_googletest INTERFACE GTest::gtest_main)
else()
  find_program(SLIMNET_NODE node REQUIRED)
  execute_process(
    COMMAND "${SLIMNET_NODE}" "${PROJECT_SOURCE_DIR}/scripts/third_party.mjs" googletest
    OUTPUT_VARIABLE googletest_root OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "GoogleTest could not be obtained; the reason stands above.")
  endif()
  set(BUILD_GMOCK OFF CACHE BOOL "" FORCE)
  set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
  add_subdirectory("${googletest_root}" "${CMAKE_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
  target_compile_options(gtest PRIVATE ${slimnet_sanitizers})
  target_link_libraries(slimnet_googletest INTERFACE gtest_main)
endif()
