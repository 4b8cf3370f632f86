// lanc.h: everything a user needs.
#pragma once

#include <lanc/autodiff/gradients.h>
#include <lanc/graph/error.h>
#include <lanc/graph/graph.h>
#include <lanc/graph/text.h>
#include <lanc/models/dense.h>
#include <lanc/models/knob.h>
#include <lanc/models/losses.h>
#include <lanc/models/mlp.h>
#include <lanc/models/optimizers.h>
#include <lanc/models/regularizers.h>
#include <lanc/models/schedules.h>
#include <lanc/ops/contract.h>
#include <lanc/ops/elementwise.h>
#include <lanc/ops/layout.h>
#include <lanc/ops/random.h>
#include <lanc/ops/reduce.h>
#include <lanc/runtime/session.h>
#include <lanc/train/batches.h>
#include <lanc/train/dataset.h>
#include <lanc/train/images.h>
#include <lanc/train/metrics.h>
#include <lanc/train/progress.h>
#include <lanc/train/standardize.h>
