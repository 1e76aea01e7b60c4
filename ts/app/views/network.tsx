/** The network as a graph, by which one finds one's way to its operators and buffers. */
import { GraphChart } from "../charts/graph-chart.js";
import { nodeText, partsText } from "../charts/graph-text.js";
import { chosenNode } from "../state/selection.js";
import { model } from "../state/simulator.js";
import { focusOperators, showOperators } from "./operators.js";
import { Panel } from "./parts.js";

export function NetworkPanel() {
  const graph = model.value?.graph;
  if (graph === undefined) return null;
  const node = chosenNode.value === null ? undefined : graph.nodes[chosenNode.value];
  return (
    <Panel
      id="network"
      title="The network"
      basis="exact"
      note="what reads what, its widths and weights; choose a node to find its operators and buffers"
      class="panel-network"
    >
      <GraphChart
        id="graph"
        graph={graph}
        chosen={chosenNode.value}
        onChoose={(chosen) => {
          chosenNode.value = chosen;
        }}
        onShow={showOperators}
        onEnter={focusOperators}
      />
      <p class="readout" role="status">
        {node === undefined
          ? "Choose a node, or focus the graph and use the arrow keys; Enter goes to its operators."
          : `${nodeText(node)}${node.parts.length === 0 ? "" : `; its parts: ${partsText(node)}`}`}
      </p>
    </Panel>
  );
}
