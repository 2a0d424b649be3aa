// The pages of the site and their order. A page of docs/ that stands nowhere here is an error: so is one here that is not there.
export const sections = [
  { title: 'Begin', pages: ['installing', 'choosing', 'command_line', 'migrating', 'weights', 'foreign_weights'] },
  { title: 'Pictures to answers', pages: ['images', 'labels', 'precision', 'modes', 'explaining', 'errors'] },
  { title: 'Training', pages: ['training', 'data', 'slim_parity'] },
  { title: 'Servers and batches', pages: ['serving', 'security', 'batch', 'scale'] },
  { title: 'Speed', pages: ['performance', 'benchmarks', 'packed_weights', 'shared_weights', 'gpu'] },
  { title: 'Inside', pages: ['architecture', 'backends', 'plan_format', 'adding_an_op'] },
];

/** What else people read: file -> its page. */
export const others = {
  'README.md': { page: 'index', title: 'slimnet' },
  'examples/README.md': { page: 'examples', title: 'Examples' },
  'CONTRIBUTING.md': { page: 'contributing', title: 'Contributing' },
  'CHANGELOG.md': { page: 'changelog', title: 'Changes' },
};
