// Models of sequences: what their parts are, and that the last state is that of each sequence's own end.
#include <lanc/tests/models/support.h>

namespace lanc {
namespace {

using testing_models::numbers;
using testing_models::wave;

std::vector<std::string> paths_of(const Graph& g) {
  std::vector<std::string> all;
  for (const Value& p : g.parameters()) all.push_back(p.node().attrs<NamedAttrs>().name);
  return all;
}

TEST(SequenceClassifier, AnswersFromTheLastStatesOfBothDirections) {
  Graph g;
  const Value x = g.input("x", f32, {4, 2, 3});
  const models::SequenceClassifier net(g.scope("net"), 3, 5, 2, {.layers = 2, .bidirectional = true});
  const Value lengths = constant(g, Tensor::of<int64_t>({2}, {2, 4}));
  const models::LstmResult r = net.recurrent(x, {.lengths = lengths});
  // The end of sequence 0 is at 1 for the forward direction, at 0 for the other.
  const Value last = concat({stack_of({slice_of(r.outputs, {{1, 2}, {0, 1}, {0, 5}}), slice_of(r.outputs, {{3, 4}, {1, 2}, {0, 5}})}, 0),
                             stack_of({slice_of(r.outputs, {{0, 1}, {0, 1}, {5, 10}}), slice_of(r.outputs, {{0, 1}, {1, 2}, {5, 10}})}, 0)}, 3);
  const Results got = Session(g).eval({net(x, {.lengths = lengths}), net.output(reshape(last, {2, 10}))}, {{x, wave(f32, {4, 2, 3})}});
  ASSERT_EQ(got[0].sizes(), (Sizes{2, 2}));
  EXPECT_EQ(numbers(got[0]), numbers(got[1]));
}

TEST(Tagger, AnswersForEachElement) {
  Graph g;
  const Value x = g.input("x", f64, {g.dim("time"), g.dim("batch"), 3});
  const models::Tagger net(g.scope("net"), 3, 4, 2, {.dtype = f64});
  EXPECT_EQ(net(x).type().text(), "f64[time,batch,2]");
  EXPECT_EQ(paths_of(g), (std::vector<std::string>{"net/output/bias", "net/output/weight", "net/recurrent/layer0/bias_hh", "net/recurrent/layer0/bias_ih",
                                                   "net/recurrent/layer0/weight_hh", "net/recurrent/layer0/weight_ih"}));
}

// A text read in two pieces, the state handed on, is the text read at once.
TEST(CharacterModel, GoesOnFromTheStateThatItGave) {
  Graph g;
  const Value ids = g.input("ids", i32, {6, 2});
  const models::CharacterModel net(g.scope("net"), 7, {.embedding = 3, .hidden = 4});
  const auto whole = net(ids);
  const auto first = net(slice_of(ids, {{0, 2}})), second = net(slice_of(ids, {{2, 6}}), first.state);
  const Results got = Session(g).eval({whole.logits, concat({first.logits, second.logits}), whole.state.cell, second.state.cell},
                                      {{ids, Tensor::of<int32_t>({6, 2}, {0, 1, 2, 3, 4, 5, 6, 0, 2, 4, 6, 1})}});
  const auto a = numbers(got[0]), b = numbers(got[1]), c = numbers(got[2]), d = numbers(got[3]);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-6);  // products of other sizes add in another order
  for (size_t i = 0; i < c.size(); ++i) EXPECT_NEAR(c[i], d[i], 1e-6);
}

}  // namespace
}  // namespace lanc
