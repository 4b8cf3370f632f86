#include <lanc/ops/op_set.h>

#include <lanc/graph/error.h>
#include <lanc/graph/graph.h>
#include <lanc/ops/body.h>
#include <lanc/ops/concat.h>
#include <lanc/ops/cond.h>
#include <lanc/ops/constructors.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/conv.h>
#include <lanc/ops/cumulative.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/fused.h>
#include <lanc/ops/index.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/loop.h>
#include <lanc/ops/marks.h>
#include <lanc/ops/pad.h>
#include <lanc/ops/pool.h>
#include <lanc/ops/random.h>
#include <lanc/ops/reduce.h>
#include <lanc/ops/scatter.h>
#include <lanc/ops/slice.h>
#include <lanc/ops/softmax.h>

namespace lanc {

// One line per header, in the order of the folders; tests/graph/op_set_test.cpp finds an op that is missing.
const OpSet& all_ops() {
  static const OpSet set = [] {
    OpSet ops;
    const auto add = [&](std::initializer_list<const OpDef*> defs) {
      for (const OpDef* def : defs) ops.add(*def);
    };
    add({&input_op, &parameter_op, &state_op, &constant_op});                     // graph/graph.h
    for (const OpRef& op : scalar_ops()) ops.add(op);                             // ops/elementwise.h
    add({&cast_op, &formula_op});
    add({&fused_op});                                                             // ops/fused.h
    add({&sum_op, &prod_op, &reduce_max_op, &reduce_min_op, &argmax_op, &argmin_op, &dim_value_op});  // ops/reduce.h
    add({&cumsum_op, &cumprod_op, &linear_recurrence_op});                        // ops/cumulative.h
    add({&softmax_op, &log_softmax_op, &logsumexp_op});                           // ops/softmax.h
    add({&contract_op});                                                          // ops/contract.h
    add({&conv_op, &conv_input_gradient_op, &conv_weight_gradient_op});           // ops/conv.h
    add({&max_pool_op, &average_pool_op, &average_pool_gradient_op});             // ops/pool.h
    add({&broadcast_op, &reshape_op, &transpose_op});                             // ops/layout.h
    add({&slice_op});                                                             // ops/slice.h
    add({&pad_op});                                                               // ops/pad.h
    add({&concat_op});                                                            // ops/concat.h
    add({&gather_op, &pick_op});                                                  // ops/index.h
    add({&scatter_set_op, &scatter_add_op, &scatter_max_op});                     // ops/scatter.h
    add({&iota_op});                                                              // ops/constructors.h
    add({&random_uniform_op, &random_bernoulli_op, &random_categorical_op, &random_permutation_op});  // ops/random.h
    add({&placeholder_op});                                                       // ops/body.h
    add({&loop_op});                                                              // ops/loop.h
    add({&cond_op});                                                              // ops/cond.h
    add({&stop_gradient_op, &with_update_op, &probe_op, &print_op});              // ops/marks.h
    return ops;
  }();
  return set;
}

void require_own_name(std::string_view function, std::string_view name) {
  require_op_name(function, name);
  if (all_ops().find(name))
    throw UserError(std::string(function) + ": a name must not be that of an op of the library, got '" + std::string(name) + "'" +
                    (CallSite::user_line().known() ? "\n  at " + CallSite::user_line().text() : ""));
}

}  // namespace lanc
