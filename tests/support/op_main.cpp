#include <cstdio>
#include <cstring>

#include <lanc/tests/support/op_run.h>

namespace lanc::cases {

int run_op_cases(int argc, char** argv, const std::vector<CaseFile>& files) {
  if (argc == 3 && std::strcmp(argv[1], "--dump-samples") == 0) {
    dump_samples(files, argv[2]);
    return 0;
  }
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1) {
    std::fprintf(stderr, "test_ops: options are GoogleTest's and --dump-samples FILE, got '%s'\n", argv[1]);
    return 2;
  }
  for (const CaseFile& file : files) {
    add_value_tests(file);
    add_derivative_tests(file);
    add_backend_tests(file);
    add_error_tests(file);
  }
  add_coverage_tests(files);
  return RUN_ALL_TESTS();
}

}  // namespace lanc::cases
