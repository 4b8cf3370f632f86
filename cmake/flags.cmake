# lanc_flags: what every file of ours is compiled with. It is linked PRIVATE, so that users see none of it.
# No -march=native: kernels for wider vectors are compiled file by file and chosen at run time.

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_library(lanc_flags INTERFACE)
target_compile_features(lanc_flags INTERFACE cxx_std_20)
target_compile_options(lanc_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  -ffp-contract=off      # the same bits from every compiler: an fma only where the source says so
  -fno-math-errno
  -fno-semantic-interposition)
# source_location names the library's own files lanc/graph/graph.cpp and lanc/graph/value.h, wherever they are compiled; the second spelling of
# the root is the one that ccache makes of it.
file(RELATIVE_PATH _root_from_build ${CMAKE_BINARY_DIR} ${PROJECT_SOURCE_DIR})
add_library(lanc_library_flags INTERFACE)
target_link_libraries(lanc_library_flags INTERFACE lanc_flags)
foreach(_root IN ITEMS ${PROJECT_SOURCE_DIR} ${_root_from_build})
  string(REGEX REPLACE "/$" "" _root "${_root}")
  target_compile_options(lanc_flags INTERFACE -fmacro-prefix-map=${_root}/include/=)
  target_compile_options(lanc_library_flags INTERFACE -fmacro-prefix-map=${_root}/=lanc/)
endforeach()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 sees dangling pointers and overflows in inlined library code where there are none
  # (https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105329, 105651, 104336).
  target_compile_options(lanc_flags INTERFACE -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # libstdc++ 12's std::stable_sort instantiates a deprecated function of its own (mended in 12.3). Loops that ask for vectors get none at
  # -O1 and under sanitizers.
  target_compile_options(lanc_flags INTERFACE -Wno-deprecated-declarations -Wno-pass-failed)
endif()
if(LANC_SANITIZE)
  target_compile_options(lanc_flags INTERFACE -fsanitize=${LANC_SANITIZE} -fno-sanitize-recover=all
                         -fno-omit-frame-pointer -g)
  target_link_options(lanc_flags INTERFACE -fsanitize=${LANC_SANITIZE})
endif()

# Applies to targets made from here on.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

# Kernels by instruction set: the file's name says what it may use.
function(lanc_instruction_set_flags)
  foreach(file IN LISTS ARGN)
    if(file MATCHES "_avx2\\.cpp$")
      set_property(SOURCE ${file} APPEND PROPERTY COMPILE_OPTIONS -mavx2 -mfma -mf16c)
    elseif(file MATCHES "_avx512\\.cpp$")
      set_property(SOURCE ${file} APPEND PROPERTY COMPILE_OPTIONS
        -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mprefer-vector-width=512)
    endif()
  endforeach()
endfunction()
