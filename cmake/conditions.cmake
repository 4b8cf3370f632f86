# conditions.txt in the build tree: what this machine and this tree lack, one word a line. tests/allowed_skips.txt
# says which tests may be skipped under which of these words; scripts/test compares the two.

set(LANC_CONDITIONS "")
function(lanc_condition name)   # lanc_condition(name IF ...): holds when what follows IF is true
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "IF")
  if(${arg_IF})
    set(LANC_CONDITIONS ${LANC_CONDITIONS} ${name} PARENT_SCOPE)
  endif()
endfunction()

set(_cpu_flags "")
if(EXISTS /proc/cpuinfo)
  file(STRINGS /proc/cpuinfo _cpu_flags REGEX "^flags" LIMIT_COUNT 1)
  string(APPEND _cpu_flags " ")
endif()
set(_avx2 OFF)
if(_cpu_flags MATCHES " avx2 " AND _cpu_flags MATCHES " fma ")
  set(_avx2 ON)
endif()
set(_avx512 OFF)
if(_cpu_flags MATCHES " avx512f " AND _cpu_flags MATCHES " avx512bw " AND _cpu_flags MATCHES " avx512dq "
   AND _cpu_flags MATCHES " avx512vl ")
  set(_avx512 ON)
endif()
find_program(LANC_NVCC nvcc PATHS /usr/local/cuda/bin)
set(LANC_FASHION_MNIST /usr/share/datasets/fashion-mnist)   # where Debian's dataset-fashion-mnist puts it

lanc_condition(no-gpu IF NOT EXISTS /dev/nvidia0)
lanc_condition(no-cuda-toolkit IF NOT LANC_NVCC)
lanc_condition(no-avx2 IF NOT _avx2)
lanc_condition(no-avx512 IF NOT _avx512)
lanc_condition(no-llvm IF NOT LANC_HAS_LLVM)
lanc_condition(no-onednn IF NOT LANC_HAS_ONEDNN)
lanc_condition(no-dot IF NOT LANC_DOT)
lanc_condition(no-fashion-mnist IF NOT EXISTS ${LANC_FASHION_MNIST}/train-images-idx3-ubyte.gz)
lanc_condition(no-shakespeare IF NOT EXISTS "$ENV{LANC_DATA}/tinyshakespeare.txt")
lanc_condition(sanitizer IF LANC_SANITIZE)

string(REPLACE ";" "\n" _lines "${LANC_CONDITIONS}")
file(WRITE ${PROJECT_BINARY_DIR}/conditions.txt "${_lines}\n")
