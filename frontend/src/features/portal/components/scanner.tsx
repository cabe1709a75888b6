// Reading a code with the camera, where the browser can.
import { useEffect, useRef, useState } from "react";
import { codeOf } from "@/features/portal/api/portal";
import { portalText as t } from "@/locales/zh-CN/portal";

interface Detector {
  detect: (source: HTMLVideoElement) => Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (options: { formats: string[] }) => Detector;
const detectorClass = (): DetectorClass | undefined =>
  (globalThis as unknown as { BarcodeDetector?: DetectorClass }).BarcodeDetector;

/** True where camera and code reader are both there. */
export const canScan = (): boolean =>
  detectorClass() !== undefined && typeof navigator.mediaDevices?.getUserMedia === "function";

export function Scanner({ onCode }: { onCode: (code: string) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [failed, setFailed] = useState(false);
  const found = useRef(onCode);
  useEffect(() => {
    found.current = onCode;
  });
  useEffect(() => {
    const Reader = detectorClass();
    if (!Reader) return;
    let stream: MediaStream | null = null;
    let frame = 0;
    let over = false;
    const reader = new Reader({ formats: ["qr_code", "data_matrix", "code_128", "ean_13", "ean_8"] });
    const look = async () => {
      if (over || !video.current) return;
      const hits = await reader.detect(video.current).catch(() => []);
      const first = hits[0];
      if (first && !over) found.current(codeOf(first.rawValue));
      else frame = requestAnimationFrame(() => void look());
    };
    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: "environment" } })
      .then(async (opened) => {
        stream = opened;
        if (over || !video.current) {
          opened.getTracks().forEach((track) => track.stop());
          return;
        }
        video.current.srcObject = opened;
        await video.current.play();
        void look();
      })
      .catch(() => setFailed(true));
    return () => {
      over = true;
      cancelAnimationFrame(frame);
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  return failed ? (
    <p className="fault" role="alert">
      {t.scanFailed}
    </p>
  ) : (
    <div className="scanner">
      <video ref={video} muted playsInline aria-label={t.scanHint} />
      <p className="hint">{t.scanHint}</p>
    </div>
  );
}
