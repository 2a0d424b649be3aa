/** Labelled images: what data sets are, and where they come from. */
export { checkDataSet, checkLabel, classWeights, type DataSet, labelsOf, type Sample, subset } from './data_set.js';
export { type ImageFolderOptions, imageFolder } from './image_folder.js';
export { type ImageListOptions, imageList } from './image_list.js';
export { type ShapeDataSetOptions, shapeDataSet } from './shape_data_set.js';
export { type SplitOptions, splitDataSet } from './split.js';
export { type TfRecordsOptions, tfRecords } from './tf_records.js';
