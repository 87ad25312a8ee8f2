/** For the type check of our scripts alone: uPlot's own types know more than they need. */
declare const uPlot: any;
export default uPlot;
