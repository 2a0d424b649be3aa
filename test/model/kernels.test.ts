/** No step of a network is left to oneDNN's slow reference code. */
import { preprocessingFor } from '../../lib/data/preprocessing.js';
import { buildNetwork } from '../../lib/model/network_graph.js';
import { devices, Session } from '../../lib/runtime/index.js';
import { type NetworkName, network } from '../../lib/slim/nets/registry.js';
import { shapeBatch, side, type TrainedNetwork, trainedNetworks, trainedSession } from '../helpers/trained_networks.js';

const offered = devices().find(({ name }) => name === 'cpu')?.precisions;
const computable = (['float32', 'bfloat16'] as const).filter((precision) => offered?.[precision] === '');
const names = ['resnet_v1_50', 'resnet_v2_50', 'vgg_16'] as const satisfies readonly NetworkName[];

test.each(names.flatMap((name) => computable.map((precision) => [name, precision] as const)))(
  '%s in %s has no reference kernel, for one image and for several',
  async (name, precision) => {
    const entry = network(name);
    const preprocessing = preprocessingFor(entry.preprocessing, entry.imageSize);
    const { height, width } = preprocessing;
    const { graph, outputs } = buildNetwork(entry, entry.numClasses, preprocessing, 0);
    await using session = await Session.create(graph, { precision });
    for (const batch of [1, 8]) {
      const report = await session.report(outputs, { shapes: { images: [batch, height, width, 3] } });
      expect(report).toMatchObject({ precision, defects: [] });
      expect(Object.values(report.kernels).reduce((sum, count) => sum + count, 0)).toBe(report.steps.length);
    }
    expect(session.stats()).toMatchObject({ programs: 2, defects: [] });
  },
);

test.each(trainedNetworks.map((trained) => [trained.id, trained] as const))(
  '%s in int8 has no reference kernel, where int8 can be had',
  async (_, trained: TrainedNetwork) => {
    const images = { shape: [4, side, side, 3], data: shapeBatch(3, 4).pixels };
    const wide = await trainedSession(trained, { device: 'cpu' });
    await using _wide = wide.session;
    const calibration = await wide.session.calibrate({ logits: wide.net }, [{ images }]);
    const created = trainedSession(trained, { device: 'cpu', precision: 'int8', calibration });
    if (offered?.int8 !== '') return expect(created).rejects.toThrow(offered?.int8);
    const narrow = await created;
    await using _narrow = narrow.session;
    const shapes = { images: [4, side, side, 3] };
    expect(await narrow.session.report({ logits: narrow.net }, { shapes })).toMatchObject({
      precision: 'int8',
      defects: [],
    });
  },
);
