/** What a config.json beside the weights says of the network that they are of. */
import { dirname, join } from 'node:path';
import { parseJson } from '../../core/json.js';
import { readTextFile } from '../../core/text.js';
import { CheckpointError } from '../../errors.js';
import { network, networkNames } from '../../slim/nets/registry.js';

/** Largest configuration that is read, in bytes. */
const maxConfigBytes = 16 * 2 ** 20;

type Config = Readonly<Record<string, unknown>>;

/** Why weights of the right names and shapes are those of a network of another form; null where nothing says so. */
export type OtherForm = (config: Config) => string | null;

/** Of Hugging Face's transformers: options of ResNetConfig that change no names and no shapes. */
export const transformersForm: OtherForm = (config) => {
  if (config.downsample_in_bottleneck === true)
    return 'strides in the first 1x1 convolution of a unit (downsample_in_bottleneck)';
  if (config.downsample_in_first_stage === true) return 'strides in its first stage (downsample_in_first_stage)';
  const { hidden_act: activation = 'relu' } = config;
  return activation === 'relu' ? null : `has the activation ${JSON.stringify(activation)} (hidden_act)`;
};

/** Of timm: networks with filters between their layers, which have no weights. */
export const timmForm: OtherForm = ({ architecture }) =>
  typeof architecture === 'string' && /^resnet(aa|blur)\d/.test(architecture)
    ? `filters before it strides (architecture ${architecture})`
    : null;

/**
 * @param path of the weights
 * @throws CheckpointError when a configuration beside them says that their network computes something else
 */
export async function assertForm(name: string, path: string, otherForm: OtherForm): Promise<void> {
  const config = await configBeside(path);
  const reason = config === null ? null : otherForm(config);
  if (reason === null) return;
  const { library } = network(name);
  const others = networkNames.filter((other) => network(other).library === library);
  throw new CheckpointError(
    `The network of these weights ${reason}, by the config.json beside them; ${name} does not.`,
    {
      path,
      hint: `weights of the same names in the form of torchvision's fit ${others.join(', ')}.`,
    },
  );
}

/** null where there is none that can be read: weights may lie beside the configuration of anything. */
async function configBeside(path: string): Promise<Config | null> {
  const unreadable = (what: string) => new CheckpointError(what, { path });
  try {
    const config = parseJson(
      await readTextFile(join(dirname(path), 'config.json'), maxConfigBytes, unreadable),
      unreadable,
    );
    return typeof config === 'object' && config !== null && !Array.isArray(config) ? (config as Config) : null;
  } catch {
    return null;
  }
}
