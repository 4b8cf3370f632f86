# tests/<folder>/*.cpp is one GoogleTest program test_<folder>, tests/*.cpp is test_lanc, tests/support/*.cpp is a
# library that each of them links. One ctest entry runs one whole program; its results land in results/<entry>.json,
# where scripts/check_results.py reads which tests were skipped.

set(LANC_RESULTS ${PROJECT_BINARY_DIR}/results)
file(MAKE_DIRECTORY ${LANC_RESULTS})

function(lanc_test name)   # lanc_test(name COMMAND ...)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS")
  add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${PROJECT_BINARY_DIR})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "GTEST_OUTPUT=json:${LANC_RESULTS}/${name}.json"
                       TIMEOUT 900 SKIP_RETURN_CODE 77 LABELS "${arg_LABELS}")
  if(arg_TIMEOUT)
    set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
  endif()
endfunction()

if(LANC_ONLY_THREAD_POOL)
  # The pool's files and its tests, with nothing else of ours: all that runs is instrumented.
  file(GLOB pool_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/backends/cpu/thread_pool*.cpp
       ${PROJECT_SOURCE_DIR}/tests/thread_pool/*.cpp)
  add_executable(test_thread_pool ${pool_sources})
  target_include_directories(test_thread_pool PRIVATE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(test_thread_pool PRIVATE lanc_flags GTest::gtest GTest::gtest_main Threads::Threads)
  lanc_test(test_thread_pool COMMAND test_thread_pool)
  return()
endif()

set(LANC_TEST_LIBRARIES lanc lanc_flags GTest::gtest Boost::headers fmt::fmt nlohmann_json::nlohmann_json ZLIB::ZLIB)
set(LANC_TEST_DEFINITIONS
  LANC_SOURCE_DIR="${PROJECT_SOURCE_DIR}"        # stored reference results: LANC_SOURCE_DIR "/tests/..."
  LANC_BINARY_DIR="${PROJECT_BINARY_DIR}"        # programs: LANC_BINARY_DIR "/bin/lanc"
  LANC_CONDITIONS="${PROJECT_BINARY_DIR}/conditions.txt")
if(LANC_SANITIZE)
  list(APPEND LANC_TEST_DEFINITIONS LANC_SANITIZED)   # tests that are many make fewer of them
endif()

file(GLOB support_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/support/*.cpp)
if(support_sources)
  add_library(lanc_test_support STATIC ${support_sources})
  target_link_libraries(lanc_test_support PUBLIC ${LANC_TEST_LIBRARIES})
  target_compile_definitions(lanc_test_support PUBLIC ${LANC_TEST_DEFINITIONS})
  set(LANC_TEST_LIBRARIES lanc_test_support)
endif()
# A main of the support library's own takes the place of GoogleTest's.
if(NOT EXISTS ${PROJECT_SOURCE_DIR}/tests/support/main.cpp)
  list(APPEND LANC_TEST_LIBRARIES GTest::gtest_main)
endif()

function(lanc_gtest_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE ${LANC_TEST_LIBRARIES})
  target_compile_definitions(${name} PRIVATE ${LANC_TEST_DEFINITIONS})
  set(timeout 900)
  if(name MATCHES "^test_(fuzz|ops)$")
    set(timeout 14400)   # what scripts/test --all asks of these takes up to an hour
  endif()
  lanc_test(${name} COMMAND ${name} LABELS unit TIMEOUT ${timeout})
endfunction()

file(GLOB root_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*.cpp)
if(root_tests)
  lanc_gtest_program(test_lanc ${root_tests})
endif()

# tests/ops/NAME.cpp defines NAME_cases(): the list of them is made from the files' names, so that a new table edits nothing.
function(lanc_op_case_list variable)
  set(declarations "")
  set(entries "")
  foreach(file IN LISTS ${variable})
    get_filename_component(table ${file} NAME_WE)
    string(APPEND declarations "std::vector<OpCases> ${table}_cases();\n")
    string(APPEND entries "      {\"${table}\", ${table}_cases()},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/op_case_list.cpp @ONLY CONTENT "// Made by cmake/tests.cmake.
#include <lanc/tests/support/op_cases.h>

namespace lanc::cases {
@declarations@}

int main(int argc, char** argv) {
  using namespace lanc::cases;
  const std::vector<CaseFile> files = {
@entries@  };
  return run_op_cases(argc, argv, files);
}
")
  set(${variable} ${${variable}} ${PROJECT_BINARY_DIR}/op_case_list.cpp PARENT_SCOPE)
endfunction()

set(not_gtest_folders support bits compile_fail consumers data lint)
file(GLOB test_folders LIST_DIRECTORIES true CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/*)
foreach(folder IN LISTS test_folders)
  get_filename_component(name ${folder} NAME)
  if(IS_DIRECTORY ${folder} AND NOT name IN_LIST not_gtest_folders)
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    if(name STREQUAL "ops")
      lanc_op_case_list(sources)
    endif()
    if(sources)
      lanc_gtest_program(test_${name} ${sources})
    endif()
  endif()
endforeach()

# Whoever runs a program of ours builds it: scripts/mutate asks for the test alone.
foreach(pair IN ITEMS "test_tools lanc_tool" "test_examples fashion_mlp" "test_examples swish_mlp" "test_examples adding_problem" "test_examples char_rnn" "test_examples fashion_cnn")
  separate_arguments(pair)
  list(GET pair 0 test)
  list(GET pair 1 program)
  if(TARGET ${test} AND TARGET ${program})
    add_dependencies(${test} ${program})
  endif()
endforeach()

# tests/bits/*.cpp: a program of its own main that prints `name hash` lines. The trees' outputs must be equal:
# scripts/test compares g++ with clang, and with the sanitizers.
file(GLOB bits_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/bits/*.cpp)
if(bits_sources)
  add_executable(bits ${bits_sources})
  target_link_libraries(bits PRIVATE lanc lanc_flags)
  lanc_test(bits COMMAND bits)
endif()

# What is checked of the sources rather than of programs. All of it runs on Debian's python3.
set(lint ${PROJECT_SOURCE_DIR}/tests/lint)
set(compile ${CMAKE_CXX_COMPILER} -std=c++20 -I${PROJECT_SOURCE_DIR}/include)
lanc_test(lint_include_rules COMMAND ${Python3_EXECUTABLE} ${lint}/include_rules.py ${PROJECT_SOURCE_DIR} LABELS lint)
lanc_test(lint_include_rules_of_the_lint COMMAND ${Python3_EXECUTABLE} ${lint}/include_rules.py --self-test LABELS lint)
lanc_test(lint_call_sites COMMAND ${Python3_EXECUTABLE} ${lint}/call_sites.py ${PROJECT_SOURCE_DIR} LABELS lint)
lanc_test(lint_call_sites_of_the_lint COMMAND ${Python3_EXECUTABLE} ${lint}/call_sites.py --self-test LABELS lint)
lanc_test(lint_file_sizes COMMAND ${Python3_EXECUTABLE} ${lint}/file_sizes.py ${PROJECT_SOURCE_DIR} LABELS lint)
lanc_test(lint_results COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/check_results.py --self-test LABELS lint)
lanc_test(setup_script COMMAND ${lint}/setup_script.sh ${PROJECT_SOURCE_DIR} LABELS lint)
lanc_test(preprocessed_size COMMAND ${Python3_EXECUTABLE} ${lint}/preprocessed_size.py ${compile} LABELS lint)
lanc_test(compile_fail COMMAND ${Python3_EXECUTABLE} ${lint}/compile_fail.py ${PROJECT_SOURCE_DIR}/tests/compile_fail
          ${compile} LABELS lint)
lanc_test(readme_example COMMAND ${Python3_EXECUTABLE} ${lint}/readme_example.py ${PROJECT_SOURCE_DIR} ${compile} LABELS lint)
# A mutant whose text is gone from the sources is noticed with the change that took it away.
lanc_test(mutants_fit COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/mutate --list LABELS lint)
lanc_test(tables COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/scripts/tables --check LABELS lint)
if(BUILD_SHARED_LIBS)
  lanc_test(exported_symbols COMMAND ${Python3_EXECUTABLE} ${lint}/exported_symbols.py $<TARGET_FILE:lanc> LABELS lint)
endif()
