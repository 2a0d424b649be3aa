"""Names that Slim gives: variables, ops, aliases, collections and end points of small layer programs.

Writes test/golden/scopes.json: a list of {program, description, facts, variables, regularizationLosses, updateOps}.
`facts` is what the program returns: an output is {op, shape, aliases}. `variables` are all global variables in creation
order as [name, shape, trainable, in model_variables]; regularizationLosses are op names, updateOps their number.
Every image is a placeholder of shape [2, 8, 8, 3] and every matrix one of [4, 6] unless the description says otherwise.
Where TensorFlow raises, the fact is {error: class}.

Names of ops inside a batch normalization, a dropout, a flatten or a softmax and the last part of a regularization
loss's name are those of the TensorFlow that ran, and no contract; everything else is.
"""

import fixtures
from make_nets import SMALL_BLOCKS
from slim_env import VERSIONS, resnet_utils, resnet_v1, slim, tf

from tf_slim.layers import utils

PROGRAMS = []


def program(function):
    PROGRAMS.append(function)
    return function


def images(shape=(2, 8, 8, 3)):
    return tf.placeholder(tf.float32, shape, name='images')


def matrix():
    return tf.placeholder(tf.float32, [4, 6], name='matrix')


def out(tensor):
    return {'op': tensor.op.name, 'shape': tensor.shape.as_list(), 'aliases': getattr(tensor, 'aliases', [])}


def error_of(function):
    try:
        function()
    except (TypeError, ValueError) as error:
        return {'error': type(error).__name__}
    raise AssertionError('the program was expected to fail')


@program
def conv2d_twice_unnamed():
    """conv2d(x, 4, 3) twice without a scope."""
    x = images()
    return {'outputs': [out(slim.conv2d(x, 4, 3)), out(slim.conv2d(x, 4, 3))]}


@program
def conv2d_reuse():
    """conv2d(x, 4, 3, scope 'c'), then the same with reuse true: the op name moves on, the variables do not."""
    x = images()
    return {'outputs': [out(slim.conv2d(x, 4, 3, scope='c')), out(slim.conv2d(x, 4, 3, scope='c', reuse=True))]}


@program
def conv2d_forms():
    """conv2d without activation ('plain'), with batch_norm ('normalized'), with batch_norm and no activation ('both'),
    without biases ('bare': biases_initializer null, activation null)."""
    x = images()
    outputs = [slim.conv2d(x, 4, 3, activation_fn=None, scope='plain'),
               slim.conv2d(x, 4, 3, normalizer_fn=slim.batch_norm, scope='normalized'),
               slim.conv2d(x, 4, 3, normalizer_fn=slim.batch_norm, activation_fn=None, scope='both'),
               slim.conv2d(x, 4, 3, biases_initializer=None, activation_fn=None, scope='bare')]
    return {'outputs': [out(o) for o in outputs[:2] + outputs[3:]]}


@program
def conv2d_mixed_names():
    """conv2d unnamed, scope 'Conv_1', unnamed, unnamed: a default name skips names that are taken."""
    x = images()
    return {'outputs': [out(slim.conv2d(x, 4, 3, scope=scope)) for scope in (None, 'Conv_1', None, None)]}


@program
def regularizers_and_reuse():
    """conv2d(scope 'c', l2_regularizer(0.01)) twice, the second with reuse; then unnamed; fully_connected with both
    regularizers; batch_norm with a beta regularizer: one loss a variable."""
    x = images()
    l2 = slim.l2_regularizer(0.01)
    slim.conv2d(x, 4, 3, scope='c', weights_regularizer=l2)
    slim.conv2d(x, 4, 3, scope='c', weights_regularizer=l2, reuse=True)
    slim.conv2d(x, 4, 3, weights_regularizer=l2)
    slim.fully_connected(matrix(), 5, weights_regularizer=l2, biases_regularizer=l2)
    slim.batch_norm(x, param_regularizers={'beta': slim.l1_regularizer(0.5)}, fused=False)
    return {}


@program
def batch_norm_variables():
    """batch_norm unnamed with the defaults; unnamed with scale; scope 'bn' with center false and scale; scope 'bn'
    again with reuse, is_training false."""
    x = images()
    slim.batch_norm(x)
    slim.batch_norm(x, scale=True)
    slim.batch_norm(x, center=False, scale=True, scope='bn')
    slim.batch_norm(x, center=False, scale=True, scope='bn', reuse=True, is_training=False)
    return {'updates': len(tf.get_collection(tf.GraphKeys.UPDATE_OPS))}


@program
def conv2d_batch_norm_twice_with_reuse():
    """conv2d(normalizer_fn batch_norm, scope 'c') twice, the second with reuse, both training: updates are added
    again."""
    x = images()
    for reuse in (None, True):
        slim.conv2d(x, 4, 3, normalizer_fn=slim.batch_norm, scope='c', reuse=reuse)
    return {'updates': len(tf.get_collection(tf.GraphKeys.UPDATE_OPS))}


@program
def default_layer_names():
    """Each layer twice without a scope, outputs_collections 'points': conv2d(4, 3), max_pool2d(2), avg_pool2d(2),
    flatten, fully_connected(matrix, 5), dropout, batch_norm(is_training false); then softmax(matrix) twice, not
    collected."""
    x, m = images(), matrix()
    makers = {
        'conv2d': lambda: slim.conv2d(x, 4, 3, outputs_collections='points'),
        'max_pool2d': lambda: slim.max_pool2d(x, 2, outputs_collections='points'),
        'avg_pool2d': lambda: slim.avg_pool2d(x, 2, outputs_collections='points'),
        'flatten': lambda: slim.flatten(x, outputs_collections='points'),
        'fully_connected': lambda: slim.fully_connected(m, 5, outputs_collections='points'),
        'dropout': lambda: slim.dropout(x, outputs_collections='points', is_training=False),
        'batch_norm': lambda: slim.batch_norm(x, is_training=False, outputs_collections='points'),
        'softmax': lambda: slim.softmax(m),
    }
    outputs = {name: [out(make()), out(make())] for name, make in makers.items()}
    return {'outputs': outputs, 'points': list(utils.convert_collection_to_dict('points'))}


@program
def aliases_in_scopes():
    """Inside variable_scope 'a', then inside a second variable_scope 'a' with reuse: conv2d(4, 3, scope 'c'),
    max_pool2d(2, scope 'p'), outputs_collections 'points'. Variable prefixes repeat, name scopes do not."""
    x = images()
    outputs = []
    for reuse in (None, True):
        with tf.variable_scope('a', reuse=reuse):
            outputs.append(out(slim.conv2d(x, 4, 3, scope='c', outputs_collections='points')))
            outputs.append(out(slim.max_pool2d(x, 2, scope='p', outputs_collections='points')))
    return {'outputs': outputs, 'points': list(utils.convert_collection_to_dict('points'))}


@program
def alias_ignores_name_scope():
    """name_scope 'outer' around conv2d(4, 3, scope 'Conv', outputs_collections 'points') and max_pool2d(2, scope
    'p')."""
    x = images()
    with tf.name_scope('outer'):
        outputs = [slim.conv2d(x, 4, 3, scope='Conv', outputs_collections='points'),
                   slim.max_pool2d(x, 2, scope='p', outputs_collections='points')]
    return {'outputs': [out(o) for o in outputs]}


@program
def repeat_layers():
    """repeat(x, 3, conv2d, 4, 3) twice unnamed, then with scope 'conv1'; repeat(matrix, 2, fully_connected, 5)."""
    x = images()
    outputs = [slim.repeat(x, 3, slim.conv2d, 4, 3), slim.repeat(x, 3, slim.conv2d, 4, 3),
               slim.repeat(x, 3, slim.conv2d, 4, 3, scope='conv1'),
               slim.repeat(matrix(), 2, slim.fully_connected, 5)]
    return {'outputs': [out(o) for o in outputs]}


@program
def repeat_in_scope_with_reuse():
    """variable_scope 'net': repeat(x, 2, conv2d, 4, 3, scope 'conv1'); the same again with reuse; end points of each
    through outputs_collections 'first' and 'second'."""
    x = images()
    for reuse, collection in ((None, 'first'), (True, 'second')):
        with tf.variable_scope('net', reuse=reuse):
            with slim.arg_scope([slim.conv2d], outputs_collections=collection):
                slim.repeat(x, 2, slim.conv2d, 4, 3, scope='conv1')
    return {name: list(utils.convert_collection_to_dict(name)) for name in ('first', 'second')}


@program
def stack_layers():
    """stack(matrix, fully_connected, [5, 6, 7]); stack(x, conv2d, [[4, 3], [5, 3], [6, 1]]); the second with scope
    'conv1'."""
    x = images()
    arguments = [[4, 3], [5, 3], [6, 1]]
    outputs = [slim.stack(matrix(), slim.fully_connected, [5, 6, 7]), slim.stack(x, slim.conv2d, arguments),
               slim.stack(x, slim.conv2d, arguments, scope='conv1')]
    return {'outputs': [out(o) for o in outputs]}


@program
def nested_scopes():
    """variable_scope 'outer' > 'inner': two unnamed conv2d(4, 3); back in 'outer' one unnamed; then 'outer' again with
    reuse > 'inner': two unnamed."""
    x = images()
    outputs = []
    with tf.variable_scope('outer'):
        with tf.variable_scope('inner'):
            outputs += [slim.conv2d(x, 4, 3), slim.conv2d(x, 4, 3)]
        outputs.append(slim.conv2d(x, 4, 3))
    with tf.variable_scope('outer', reuse=True):
        with tf.variable_scope('inner'):
            outputs += [slim.conv2d(x, 4, 3), slim.conv2d(x, 4, 3)]
    return {'outputs': [out(o) for o in outputs]}


@program
def scope_counters():
    """Prefixes of variable scopes opened one after another. A string is an explicit name, {default} a default name. At
    the root: {x}, {x}, 'x', {x}, 'x_5', {x}; in 'o': {x}, {x}; in 'o' > 'p': {x}; in 'o' again: {x}, {x}; in 'o' with
    reuse: {x}, {x}."""
    def names(*wanted):
        found = []
        for name in wanted:
            default = name[1:-1] if name.startswith('{') else None
            with tf.variable_scope(None if default else name, default_name=default) as scope:
                found.append([scope.name, scope.original_name_scope])
        return found

    facts = {'root': names('{x}', '{x}', 'x', '{x}', 'x_5', '{x}')}
    with tf.variable_scope('o'):
        facts['o'] = names('{x}', '{x}')
        with tf.variable_scope('p'):
            facts['o/p'] = names('{x}')
    with tf.variable_scope('o'):
        facts['o again'] = names('{x}', '{x}')
    with tf.variable_scope('o', reuse=True):
        facts['o with reuse'] = names('{x}', '{x}')
    return facts


@program
def scope_objects():
    """[name, original_name_scope, name scope inside] of: 'a'; 'a' again; the first object entered at the root; 'b'; the
    first object entered inside 'b'; 'c' inside the first object inside 'b'."""
    def record(scope):
        return [scope.name, scope.original_name_scope, tf.get_default_graph().get_name_scope()]

    facts = []
    with tf.variable_scope('a') as first:
        facts.append(record(first))
    with tf.variable_scope('a') as second:
        facts.append(record(second))
    with tf.variable_scope(first) as again:
        facts.append(record(again))
    with tf.variable_scope('b') as b:
        facts.append(record(b))
        with tf.variable_scope(first) as inside:
            facts.append(record(inside))
            with tf.variable_scope('c') as c:
                facts.append(record(c))
    return {'scopes': facts}


@program
def reuse_errors():
    """What fails and what does not. 'missing': reuse true before the variables exist. 'twice': a second conv2d with
    scope 'c' without reuse. 'unnamed': reuse true without a scope. 'shape': reuse with other shapes. 'rank': conv2d of
    a matrix. 'stride and rate': stride 2 with rate 2. 'no scope': variable_scope(null). 'false inside true': reuse
    false in a scope with reuse is still reuse. 'auto': AUTO_REUSE twice."""
    x = images()
    slim.conv2d(x, 4, 3, scope='c')

    def false_inside_true():
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            slim.conv2d(x, 4, 3, scope='new', reuse=False)

    def no_scope():
        with tf.variable_scope(None):
            pass

    for _ in range(2):
        with tf.variable_scope('auto', reuse=tf.AUTO_REUSE):
            slim.conv2d(x, 4, 3, scope='c')
    return {
        'missing': error_of(lambda: slim.conv2d(x, 4, 3, scope='other', reuse=True)),
        'twice': error_of(lambda: slim.conv2d(x, 4, 3, scope='c')),
        'unnamed': error_of(lambda: slim.conv2d(x, 4, 3, reuse=True)),
        'shape': error_of(lambda: slim.conv2d(x, 5, 3, scope='c', reuse=True)),
        'rank': error_of(lambda: slim.conv2d(matrix(), 4, 3)),
        'stride and rate': error_of(lambda: slim.conv2d(x, 4, 3, stride=2, rate=2, scope='both')),
        'no scope': error_of(no_scope),
        'false inside true': error_of(false_inside_true),
    }


@program
def variables_collections():
    """conv2d(4, 3, scope 'c', variables_collections ['all']); conv2d(4, 3, scope 'd', variables_collections {weights:
    ['w'], biases: ['b', 'all']}); fully_connected(matrix, 5, scope 'e', trainable false)."""
    x = images()
    slim.conv2d(x, 4, 3, scope='c', variables_collections=['all'])
    slim.conv2d(x, 4, 3, scope='d', variables_collections={'weights': ['w'], 'biases': ['b', 'all']})
    slim.fully_connected(matrix(), 5, scope='e', trainable=False)
    return {name: [v.op.name for v in tf.get_collection(name)] for name in ('all', 'w', 'b')}


@program
def variable_filters():
    """conv2d with scopes 'fc', 'fc4', 'a/fc' and get_variables / get_model_variables / get_variables_by_name /
    get_variables_to_restore over them."""
    x = images()
    for scope in ('fc', 'fc4', 'a/fc'):
        slim.conv2d(x, 4, 3, scope=scope)
    filters = {
        "get_variables('fc')": slim.get_variables('fc'),
        "get_variables('fc/')": slim.get_variables('fc/'),
        "get_variables('fc', 'biases')": slim.get_variables('fc', 'biases'),
        "get_variables(null, 'weights')": slim.get_variables(suffix='weights'),
        "get_model_variables('a')": slim.get_model_variables('a'),
        "get_variables_by_name('weights')": slim.get_variables_by_name('weights'),
        "get_variables_by_name('weights', 'fc4')": slim.get_variables_by_name('weights', 'fc4'),
        "get_variables_to_restore(include ['fc'])": slim.get_variables_to_restore(include=['fc']),
        "get_variables_to_restore(exclude ['fc4', 'a'])": slim.get_variables_to_restore(exclude=['fc4', 'a']),
        "get_variables_to_restore(include ['fc4', 'a'])": slim.get_variables_to_restore(include=['fc4', 'a']),
    }
    return {call: [v.op.name for v in found] for call, found in filters.items()}


@program
def arg_scopes():
    """Keyword arguments that f(0) sees. 'flat': argScope([f], a 1, b null, c [1]). 'override': there f(0, b 2).
    'explicit null': there f(0, a null). 'nested': inside it argScope([f], b 2). 'two functions': argScope([f, g], a 1,
    b null) > [f] c > [g] d. 'captured outside': a scope captured at the root and entered inside argScope([f], b 2, d
    10). 'captured inside': the same captured inside it. 'cleared': argScope({}) inside 'flat'. 'after': back
    outside."""
    @slim.add_arg_scope
    def f(*_, **kwargs):
        return kwargs

    @slim.add_arg_scope
    def g(*_, **kwargs):
        return kwargs

    def capture():
        with slim.arg_scope([f], a=1, b=None, c=[1]) as scope:
            return scope

    facts = {}
    with slim.arg_scope([f], a=1, b=None, c=[1]):
        facts['flat'] = f(0)
        facts['override'] = f(0, b=2)
        facts['explicit null'] = f(0, a=None)
        with slim.arg_scope([f], b=2):
            facts['nested'] = f(0)
        with slim.arg_scope({}):
            facts['cleared'] = f(0)
    facts['after'] = f(0)
    with slim.arg_scope([f, g], a=1, b=None), slim.arg_scope([f], c=[1]), slim.arg_scope([g], d=[2]):
        facts['two functions'] = {'f': f(0), 'g': g(0)}
    outside = capture()
    with slim.arg_scope([f], b=2, d=10):
        with slim.arg_scope(outside):
            facts['captured outside'] = f(0)
        with slim.arg_scope(capture()):
            facts['captured inside'] = f(0)
    return facts


@program
def resnet_utils_names():
    """subsample(x, 1), subsample(x, 2) unnamed and with scope 's'; conv2d_same(x, 4, 3, stride 1, scope 'one') and
    (stride 2, scope 'two')."""
    x = images()
    with slim.arg_scope([slim.conv2d, slim.max_pool2d], outputs_collections='points'):
        same = resnet_utils.subsample(x, 1) is x
        outputs = [resnet_utils.subsample(x, 2), resnet_utils.subsample(x, 2, 's'),
                   resnet_utils.conv2d_same(x, 4, 3, 1, scope='one'),
                   resnet_utils.conv2d_same(x, 4, 3, 2, scope='two')]
    return {'factor 1 is the same tensor': same, 'outputs': [out(o) for o in outputs]}


@program
def plain_stack_end_points():
    """stack_blocks_dense of two blocks (base depth 1 and 2, two units each, strides 2 and 1) in scope 'tiny' over
    images [2, 32, 16, 3], with conv2d outputs collected and nothing else set."""
    x = images((2, 32, 16, 3))
    with tf.variable_scope('tiny'), slim.arg_scope([slim.conv2d], outputs_collections='points'):
        blocks = [resnet_v1.resnet_v1_block('block1', base_depth=1, num_units=2, stride=2),
                  resnet_v1.resnet_v1_block('block2', base_depth=2, num_units=2, stride=1)]
        net = resnet_utils.stack_blocks_dense(x, blocks)
    points = utils.convert_collection_to_dict('points')
    return {'output': out(net), 'points': {name: point.shape.as_list() for name, point in points.items()}}


def small_resnet(x, **options):
    blocks = [resnet_v1.resnet_v1_block(s, base_depth=d, num_units=n, stride=k) for s, d, n, k in SMALL_BLOCKS]
    return resnet_v1.resnet_v1(x, blocks, 10, **{'scope': 'resnet', **options})


@program
def small_resnet_twice():
    """The small network of the upstream tests, 10 classes, under resnet_arg_scope, training; then once more with reuse
    and is_training false: end points and their shapes, ops, and what the second build adds."""
    x = images((2, 32, 32, 3))
    facts = {}
    for name, options in (('first', {}), ('second', {'reuse': True, 'is_training': False})):
        with slim.arg_scope(resnet_v1.resnet_arg_scope()):
            net, points = small_resnet(x, **options)
        facts[name] = {
            'output': out(net),
            'predictions': points['predictions'].shape.as_list(),
            'endPoints': {key: point.shape.as_list() for key, point in points.items()},
            'updates': len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
            'regularizationLosses': len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)),
            'globalVariables': len(tf.global_variables()),
            'collections': [c for c in tf.get_default_graph().get_all_collection_keys()
                            if isinstance(c, str) and c.endswith('_end_points')],
        }
    return facts


@program
def small_resnet_unnamed_and_without_arg_scope():
    """The small network with scope null, without resnet_arg_scope: default scope name, biases everywhere, no batch
    norm, pool1 VALID."""
    net, points = small_resnet(images((2, 33, 33, 3)), scope=None)
    return {'output': out(net), 'endPoints': {key: point.shape.as_list() for key, point in points.items()}}


@program
def resnet_errors():
    """Builder errors of the small network over [1, 65, 65, 3]: output_stride 6, 12, 64 with the root block; 3 without
    it; reuse before the variables exist; a second build without reuse; an image batch of rank 3."""
    def attempt(scope, shape=(1, 65, 65, 3), **options):
        with slim.arg_scope(resnet_v1.resnet_arg_scope()):
            return small_resnet(images(shape), scope=scope, global_pool=False, **options)

    attempt('built')
    return {
        'output_stride 6': error_of(lambda: attempt('a', output_stride=6)),
        'output_stride 12': error_of(lambda: attempt('b', output_stride=12)),
        'output_stride 64': error_of(lambda: attempt('c', output_stride=64)),
        'rootless output_stride 3': error_of(lambda: attempt('d', output_stride=3, include_root_block=False)),
        'reuse first': error_of(lambda: attempt('e', reuse=True)),
        'second without reuse': error_of(lambda: attempt('built')),
        'rank 3': error_of(lambda: attempt('f', shape=(65, 65, 3))),
    }


@program
def nchw_layers():
    """data_format NCHW over images [2, 3, 8, 8]: conv2d(4, 3); conv2d without activation; conv2d with batch_norm in
    NCHW; bias_add; max_pool2d(2); avg_pool2d(3, stride 1, SAME); pool(3, 'AVG'); batch_norm fused and not. Then what is
    refused: the format 'CHWN' in each of them, and bias_add in NCHW of a matrix."""
    x = images((2, 3, 8, 8))
    nchw = {'data_format': 'NCHW'}
    outputs = [slim.conv2d(x, 4, 3, **nchw), slim.conv2d(x, 4, 3, activation_fn=None, stride=2, **nchw),
               slim.conv2d(x, 4, 3, normalizer_fn=slim.batch_norm, normalizer_params=nchw, scope='c', **nchw),
               slim.bias_add(x, **nchw), slim.max_pool2d(x, 2, **nchw),
               slim.avg_pool2d(x, 3, stride=1, padding='SAME', **nchw), slim.pool(x, 3, 'AVG', **nchw),
               slim.batch_norm(x, **nchw), slim.batch_norm(x, fused=False, **nchw)]
    layers = {'conv2d': lambda: slim.conv2d(x, 4, 3, data_format='CHWN'),
              'max_pool2d': lambda: slim.max_pool2d(x, 2, data_format='CHWN'),
              'avg_pool2d': lambda: slim.avg_pool2d(x, 2, data_format='CHWN'),
              'bias_add': lambda: slim.bias_add(x, data_format='CHWN'),
              'batch_norm': lambda: slim.batch_norm(x, data_format='CHWN'),
              'bias_add of a matrix': lambda: slim.bias_add(matrix(), **nchw)}
    return {'outputs': [out(o) for o in outputs[:7]], 'shapes': [o.shape.as_list() for o in outputs[7:]],
            'refused': {name: error_of(layer) for name, layer in layers.items()}}


@program
def other_layer_names():
    """Twice each without a scope, outputs_collections 'points': pool(2, 'MAX'), pool(3, 'AVG', stride 2, SAME), pool over
    [2, 9, 3] (2, 'MAX', stride 2), one_hot_encoding(int64 labels [3], 5), bias_add; flatten of shapes [5], [5, null] and
    [null, 3, 3, 3]; then pool of a matrix, which is refused."""
    x, labels = images(), tf.placeholder(tf.int64, [3])
    line = tf.placeholder(tf.float32, [2, 9, 3])
    points = {'outputs_collections': 'points'}
    makers = {'pool MAX': lambda: slim.pool(x, 2, 'MAX', **points),
              'pool AVG': lambda: slim.pool(x, 3, 'AVG', stride=2, padding='SAME', **points),
              'pool of rank 3': lambda: slim.pool(line, 2, 'MAX', stride=2, **points),
              'one_hot_encoding': lambda: slim.one_hot_encoding(labels, 5, **points),
              'bias_add': lambda: slim.bias_add(x, **points)}
    outputs = {name: [out(make()), out(make())] for name, make in makers.items()}
    shapes = ([5], [5, None], [None, 3, 3, 3])
    return {'outputs': outputs, 'points': list(utils.convert_collection_to_dict('points')),
            'flatten': [slim.flatten(tf.placeholder(tf.float32, shape)).shape.as_list() for shape in shapes],
            'refused': error_of(lambda: slim.pool(matrix(), 2, 'MAX'))}


@program
def batch_norm_paths():
    """batch_norm(x, scale) in a scope of its own for each way through its code: batch_weights [2]; is_training a bool
    placeholder, fused and not, collected and forced; is_training false with updates_collections null; zero_debias fused
    and not; updates_collections 'mine'; then the errors of renorm: with batch_weights, with zero_debias, with 'mine'.
    `updates` counts the collected ones after each."""
    x, flag = images(), tf.placeholder(tf.bool, [])
    weights = tf.placeholder(tf.float32, [2])
    ways = {'weights': {'batch_weights': weights}, 'weights_flag': {'batch_weights': weights, 'is_training': flag},
            'flag': {'is_training': flag}, 'flag_plain': {'is_training': flag, 'fused': False},
            'flag_forced': {'is_training': flag, 'updates_collections': None},
            'forced_inference': {'is_training': False, 'updates_collections': None},
            'debias': {'zero_debias_moving_mean': True}, 'debias_plain': {'zero_debias_moving_mean': True, 'fused': False},
            'mine': {'updates_collections': 'mine'}}
    updates = {}
    for scope, options in ways.items():
        slim.batch_norm(x, scale=True, scope=scope, **options)
        updates[scope] = [len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)), len(tf.get_collection('mine'))]
    refused = {'batch_weights': {'batch_weights': weights}, 'zero_debias_moving_mean': {'zero_debias_moving_mean': True},
               'updates_collections': {'updates_collections': 'other'}}
    return {'updates': updates,
            'refused': {name: error_of(lambda o=options, n=name: slim.batch_norm(x, renorm=True, scope=f'r_{n}', **o))
                        for name, options in refused.items()}}


@program
def scope_defaults():
    """variable_scope 'a' with l2_regularizer(0.5), constant_initializer(3) and dtype float64: get_variable 'v', variable
    'w', model_variable 'm'; inside it 'in' with l1_regularizer(0.1) and float32: get_variable 'u'; the scope object once
    more: get_variable 'again'. `dtypes` of the variables in their order."""
    with tf.variable_scope('a', regularizer=slim.l2_regularizer(0.5), initializer=tf.constant_initializer(3.0),
                           dtype=tf.float64) as scope:
        tf.get_variable('v', [1])
        slim.variable('w', [1])
        slim.model_variable('m', [1])
        with tf.variable_scope('in', regularizer=slim.l1_regularizer(0.1), dtype=tf.float32):
            tf.get_variable('u', [1])
        with tf.variable_scope(scope):
            tf.get_variable('again', [1])
    return {'dtypes': [v.dtype.base_dtype.name for v in tf.global_variables()]}


@program
def local_and_global_variables():
    """local_variable and global_variable of 1.0, twice each without a name, then named 'x' inside variable_scope 's'
    (twice), inside name_scope 'n', and beside a get_variable 's/y'."""
    made = [slim.local_variable(1.0), slim.global_variable(1.0), slim.local_variable(1.0), slim.global_variable(1.0)]
    with tf.variable_scope('s'):
        made += [slim.local_variable(1.0, name='x'), slim.global_variable(1.0, name='x')]
        tf.get_variable('y', [])
        made.append(slim.local_variable(1.0, name='y'))
    with tf.name_scope('n'):
        made.append(slim.local_variable(1.0, name='x'))
    return {'names': [v.op.name for v in made], 'local': [v.op.name for v in tf.local_variables()]}


def run(function):
    with tf.Graph().as_default():
        facts = function()
        model = slim.get_model_variables()
        return {
            'program': function.__name__,
            'description': ' '.join(function.__doc__.split()),
            'facts': facts,
            'variables': [[v.op.name, v.shape.as_list(), v in tf.trainable_variables(), v in model]
                          for v in tf.global_variables()],
            'regularizationLosses': [t.op.name for t in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)],
            'updateOps': len(tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
        }


def main():
    records = [run(function) for function in PROGRAMS]
    for record in records:
        if record['program'] in ('resnet_errors', 'small_resnet_twice'):  # half-built networks, and a very long list
            del record['variables'], record['regularizationLosses'], record['updateOps']
    fixtures.write_json('scopes.json', {
        'versions': VERSIONS, 'variableFields': ['name', 'shape', 'trainable', 'in model_variables'],
        'programs': fixtures.rows(records)})


if __name__ == '__main__':
    main()
