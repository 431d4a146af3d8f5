// What a page carries squeezed: base64 of gzip, and plotly itself.

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

async function takePlotly() {
  const script = document.createElement("script");
  script.textContent = new TextDecoder().decode(await unpack(document.getElementById("plotly-gz").textContent));
  document.head.append(script);
}
