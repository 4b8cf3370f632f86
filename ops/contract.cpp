#include <lanc/ops/contract.h>

#include <algorithm>

#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/requirements.h>

namespace lanc {

std::vector<int64_t> free_axes(size_t rank, const std::vector<int64_t>& contracted, const std::vector<int64_t>& batch) {
  const auto has = [](const std::vector<int64_t>& axes, int64_t axis) { return std::find(axes.begin(), axes.end(), axis) != axes.end(); };
  std::vector<int64_t> out;
  for (int64_t a = 0; a < static_cast<int64_t>(rank); ++a)
    if (!has(contracted, a) && !has(batch, a)) out.push_back(a);
  return out;
}

namespace {

void check_side(const InferArgs& args, size_t side, const std::vector<int64_t>& contracted, const std::vector<int64_t>& batch) {
  std::vector<int64_t> all = contracted;
  all.insert(all.end(), batch.begin(), batch.end());
  const auto rank = static_cast<int64_t>(args.shape(side).size());
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] < 0 || all[i] >= rank)
      args.fail("axes must lie in [0, " + std::to_string(rank) + ")", std::to_string(all[i]) + " for " + args.types_text());
    for (size_t j = 0; j < i; ++j)
      if (all[i] == all[j]) args.fail("an axis must be used once", "axis " + std::to_string(all[i]) + " twice for " + args.types_text());
  }
}

Types contract_types(const InferArgs& args) {
  const auto& attrs = args.attrs<ContractAttrs>();
  args.require_number();
  if (args.dtype(0) != args.dtype(1)) args.fail("operands must be of one dtype", args.types_text());
  if (attrs.lhs.size() != attrs.rhs.size() || attrs.lhs_batch.size() != attrs.rhs_batch.size())
    args.fail("axes must come in pairs",
              std::to_string(attrs.lhs.size() + attrs.lhs_batch.size()) + " and " + std::to_string(attrs.rhs.size() + attrs.rhs_batch.size()));
  check_side(args, 0, attrs.lhs, attrs.lhs_batch);
  check_side(args, 1, attrs.rhs, attrs.rhs_batch);
  const auto at = [&](size_t side, int64_t axis) { return args.shape(side)[static_cast<size_t>(axis)]; };
  for (size_t i = 0; i < attrs.lhs.size(); ++i)
    args.require_equal(at(0, attrs.lhs[i]), at(1, attrs.rhs[i]), "inner dimensions must be equal");
  Shape shape;
  for (size_t i = 0; i < attrs.lhs_batch.size(); ++i) {
    args.require_equal(at(0, attrs.lhs_batch[i]), at(1, attrs.rhs_batch[i]), "batch dimensions must be equal");
    shape.push_back(at(0, attrs.lhs_batch[i]));
  }
  for (int64_t a : free_axes(args.shape(0).size(), attrs.lhs, attrs.lhs_batch)) shape.push_back(at(0, a));
  for (int64_t a : free_axes(args.shape(1).size(), attrs.rhs, attrs.rhs_batch)) shape.push_back(at(1, a));
  return {{args.dtype(0), shape}};
}

// The cotangent of one side: dy contracted with the other side over the other's free axes, axes put back in place.
//   own: rank, contracted and batch axes of the wanted side; `dy_first`: where its free axes begin in dy
Value side_cotangent(const Value& dy, const Value& other, size_t own_rank, const std::vector<int64_t>& own_contracted,
                     const std::vector<int64_t>& own_batch, const std::vector<int64_t>& other_contracted,
                     const std::vector<int64_t>& other_batch, bool own_is_lhs) {
  const std::vector<int64_t> own_free = free_axes(own_rank, own_contracted, own_batch);
  const std::vector<int64_t> other_free = free_axes(static_cast<size_t>(other.rank()), other_contracted, other_batch);
  const auto batches = static_cast<int64_t>(own_batch.size());
  const int64_t other_begin = batches + (own_is_lhs ? static_cast<int64_t>(own_free.size()) : 0);
  ContractAttrs attrs;
  std::vector<int64_t> dy_axes, dy_batch;
  for (size_t i = 0; i < other_free.size(); ++i) dy_axes.push_back(other_begin + static_cast<int64_t>(i));
  for (int64_t i = 0; i < batches; ++i) dy_batch.push_back(i);
  // The result holds: batch axes, then lhs' free, then rhs' free. dy's free axes are own_free in order; other's free axes are its
  // contracted ones in ascending order.
  std::vector<int64_t> contracted_sorted = other_contracted;
  std::sort(contracted_sorted.begin(), contracted_sorted.end());
  std::vector<int64_t> from_other;  // own axis for each of them
  for (int64_t axis : contracted_sorted) {
    const auto at = std::find(other_contracted.begin(), other_contracted.end(), axis) - other_contracted.begin();
    from_other.push_back(own_contracted[static_cast<size_t>(at)]);
  }
  std::vector<int64_t> order = own_batch;  // own axis at each place of the result
  Value result = dy;
  if (own_is_lhs) {
    attrs = {dy_axes, other_free, dy_batch, other_batch};
    order.insert(order.end(), own_free.begin(), own_free.end());
    order.insert(order.end(), from_other.begin(), from_other.end());
    result = contract(dy, other, attrs);
  } else {
    // other^T dy keeps dW = dY^T X in the weight's own order where possible.
    const bool own_first = !own_free.empty() && !from_other.empty() && own_free.front() < from_other.front();
    if (own_first) {
      attrs = {dy_axes, other_free, dy_batch, other_batch};
      order.insert(order.end(), own_free.begin(), own_free.end());
      order.insert(order.end(), from_other.begin(), from_other.end());
      result = contract(dy, other, attrs);
    } else {
      attrs = {other_free, dy_axes, other_batch, dy_batch};
      order.insert(order.end(), from_other.begin(), from_other.end());
      order.insert(order.end(), own_free.begin(), own_free.end());
      result = contract(other, dy, attrs);
    }
  }
  std::vector<int64_t> axes(order.size());
  for (size_t place = 0; place < order.size(); ++place) axes[static_cast<size_t>(order[place])] = static_cast<int64_t>(place);
  return permute(result, axes);
}

Cotangents contract_vjp(const VjpArgs& args) {
  const auto& a = args.attrs<ContractAttrs>();
  if (!is_float(args.input_type(0).dtype)) return {std::nullopt, std::nullopt};
  Cotangents result(2);
  if (args.wanted(0))
    result[0] = side_cotangent(args.cotangent(), args.input(1), args.input_shape(0).size(), a.lhs, a.lhs_batch, a.rhs, a.rhs_batch, true);
  if (args.wanted(1))
    result[1] = side_cotangent(args.cotangent(), args.input(0), args.input_shape(1).size(), a.rhs, a.rhs_batch, a.lhs, a.lhs_batch, false);
  return result;
}

// The axis of examples is one more batch axis where both sides have it, else one more free axis, which goes to the front.
std::vector<Value> contract_batch(const BatchArgs& args) {
  const auto& one = args.attrs<ContractAttrs>();
  const auto moved = [](std::vector<int64_t> axes, bool on) {
    for (int64_t& a : axes) a += on ? 1 : 0;
    return axes;
  };
  const bool left = args.batched[0], right = args.batched[1];
  ContractAttrs attrs{moved(one.lhs, left), moved(one.rhs, right), moved(one.lhs_batch, left), moved(one.rhs_batch, right)};
  if (left && right) {
    attrs.lhs_batch.insert(attrs.lhs_batch.begin(), 0);
    attrs.rhs_batch.insert(attrs.rhs_batch.begin(), 0);
    return {contract(args.inputs[0], args.inputs[1], attrs)};
  }
  const Value y = contract(args.inputs[0], args.inputs[1], attrs);
  const auto batches = static_cast<int64_t>(one.lhs_batch.size());
  const auto free_of_lhs = args.inputs[0].rank() - batches - static_cast<int64_t>(one.lhs.size());
  const int64_t place = left ? batches : batches + free_of_lhs;
  std::vector<int64_t> order{place};
  for (int64_t a = 0; a < y.rank(); ++a)
    if (a != place) order.push_back(a);
  return {permute(y, order)};
}

Cost contract_cost(const CostArgs& args) {
  Dim contracted = 1;
  for (int64_t axis : args.attributes.as<ContractAttrs>().lhs) contracted = contracted * args.inputs[0].shape[static_cast<size_t>(axis)];
  return {Dim(2) * args.outputs[0].numel() * contracted, args.inputs[0].bytes() + args.inputs[1].bytes() + args.outputs[0].bytes()};
}

std::string both(const Operand& lhs, const Operand& rhs) { return "lhs " + lhs.type().text() + " and rhs " + rhs.type().text(); }

void require_numbers(const Operand& lhs, const Operand& rhs) {
  if (lhs.dtype() == boolean || rhs.dtype() == boolean) refuse("operands must be numbers", both(lhs, rhs));
}

// Leading axes of a matmul operand repeated to the common batch shape.
Value with_batch(const Value& v, const Shape& batch) {
  if (static_cast<size_t>(v.rank()) == batch.size() + 2 && std::equal(batch.begin(), batch.end(), v.shape().begin())) return v;
  Shape shape = batch;
  shape.push_back(v.size(-2));
  shape.push_back(v.size(-1));
  return broadcast_to(v, shape);
}

}  // namespace

const OpDef contract_op{.name = "contract", .family = "contract", .arity = 2, .attributes = attributes<ContractAttrs>, .infer = contract_types,
                        .vjp = contract_vjp, .batch = contract_batch, .cost = contract_cost,
                        .doc = "Generalized matrix product: batch axes, contracted axes, free axes. 16-bit floats accumulate in f32."};

Value contract(Operand lhs, Operand rhs, ContractAttrs attrs) { return apply(contract_op, {lhs, rhs}, std::move(attrs)); }

Value matmul(Operand lhs, Operand rhs) {
  CallSite site("matmul", {lhs, rhs});
  const DType dtype = promote(lhs.dtype(), rhs.dtype());
  const Value a = cast(lhs, dtype), b = cast(rhs, dtype);
  if (a.rank() == 0 || b.rank() == 0)
    refuse("operands must have at least one axis", both(lhs, rhs));
  if (b.rank() == 1) return contract(a, b, {.lhs = {a.rank() - 1}, .rhs = {0}});
  if (a.rank() == 1 && b.rank() == 2) return contract(a, b, {.lhs = {0}, .rhs = {0}});
  if (b.rank() == 2) return contract(a, b, {.lhs = {a.rank() - 1}, .rhs = {0}});
  if (a.rank() == 1) return squeeze(matmul(expand_dims(a, {0}), b), {-2});
  const auto rank = std::max(a.rank(), b.rank());
  Shape batch;
  for (int64_t i = rank - 2; i > 0; --i) {
    const bool in_a = a.rank() - 2 >= i, in_b = b.rank() - 2 >= i;
    const Dim da = in_a ? a.size(-2 - i) : Dim(1), db = in_b ? b.size(-2 - i) : Dim(1);
    if (!(da == Dim(1)) && !(db == Dim(1)) && equal_dims(da, db) == Truth::no)
      refuse("batch dimensions must be equal or 1", both(lhs, rhs) + " (" + da.text() + " and " + db.text() + ")");
    batch.push_back(da == Dim(1) ? db : da);
  }
  const Value x = with_batch(a, batch), y = with_batch(b, batch);
  std::vector<int64_t> axes;
  for (int64_t i = 0; i < rank - 2; ++i) axes.push_back(i);
  return contract(x, y, {.lhs = {rank - 1}, .rhs = {rank - 2}, .lhs_batch = axes, .rhs_batch = axes});
}

Value dot(Operand lhs, Operand rhs) {
  CallSite site("dot", {lhs, rhs});
  if (lhs.rank() != 1 || rhs.rank() != 1)
    refuse("operands must be vectors", both(lhs, rhs));
  return matmul(lhs, rhs);
}

Value outer(Operand lhs, Operand rhs) {
  CallSite site("outer", {lhs, rhs});
  if (lhs.rank() == 0 || rhs.rank() == 0) refuse("operands must have at least one axis", both(lhs, rhs));
  require_numbers(lhs, rhs);
  return expand_dims(lhs, {lhs.rank()}) * expand_dims(rhs, {rhs.rank() - 1});
}

Value kron(Operand lhs, Operand rhs) {
  CallSite site("kron", {lhs, rhs});
  require_numbers(lhs, rhs);
  const auto rank = static_cast<size_t>(std::max(lhs.rank(), rhs.rank()));
  const auto size = [rank](const Operand& x, size_t axis) {  // sizes of 1 in front
    const size_t missing = rank - x.shape().size();
    return axis < missing ? Dim(1) : x.shape()[axis - missing];
  };
  Shape left, right, shape;
  for (size_t a = 0; a < rank; ++a) {
    left.insert(left.end(), {size(lhs, a), Dim(1)});
    right.insert(right.end(), {Dim(1), size(rhs, a)});
    shape.push_back(size(lhs, a) * size(rhs, a));
  }
  return reshape(reshape(lhs, left) * reshape(rhs, right), shape);
}

Value tensordot(Operand lhs, Operand rhs, int64_t axes) {
  CallSite site("tensordot", {lhs, rhs});
  if (axes < 0 || axes > lhs.rank() || axes > rhs.rank())
    refuse("axes must be in [0, " + std::to_string(std::min(lhs.rank(), rhs.rank())) + "]", std::to_string(axes));
  const DType dtype = promote(lhs.dtype(), rhs.dtype());
  ContractAttrs attrs;
  for (int64_t i = 0; i < axes; ++i) {
    attrs.lhs.push_back(lhs.rank() - axes + i);
    attrs.rhs.push_back(i);
  }
  return contract(cast(lhs, dtype), cast(rhs, dtype), attrs);
}

Value tensordot(Operand lhs, Operand rhs, std::vector<int64_t> lhs_axes, std::vector<int64_t> rhs_axes) {
  CallSite site("tensordot", {lhs, rhs});
  const auto normalize = [&](std::vector<int64_t>& axes, const Operand& x, const char* side) {
    for (int64_t& a : axes) {
      if (a < -x.rank() || a >= x.rank())
        refuse("axis must be in [" + std::to_string(-x.rank()) + ", " + std::to_string(x.rank()) + ")", std::to_string(a) + " for " + side + " " + x.type().text());
      if (a < 0) a += x.rank();
    }
  };
  normalize(lhs_axes, lhs, "lhs");
  normalize(rhs_axes, rhs, "rhs");
  const DType dtype = promote(lhs.dtype(), rhs.dtype());
  return contract(cast(lhs, dtype), cast(rhs, dtype), {.lhs = std::move(lhs_axes), .rhs = std::move(rhs_axes)});
}

}  // namespace lanc
