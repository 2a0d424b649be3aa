/** The Open Inference Protocol (KServe v2), without what carries it: HTTP and gRPC are built on this. */
export { joinElements, splitElements } from './bytes_elements.js';
export { classified } from './classification.js';
export { type Datatype, datatypes, isDatatype, type NumberDatatype, numberType, type Values } from './datatypes.js';
export { badValue, binaryNumbers, bounds, decodeRequest, distinct, elements, wrongCount } from './decode_request.js';
export { binaryOutputs, bytesOf, type EncodedResponse, encodeResponse } from './encode_response.js';
export { type RefusalReason, RequestError, refusalOf, refusals } from './refusal.js';
export type * from './types.js';
