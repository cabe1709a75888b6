// The wall screen: dark theme, full page, menu in a drawer.
import { MenuOutlined } from "@ant-design/icons";
import { Button, ConfigProvider, Drawer } from "antd";
import { useEffect, useState } from "react";
import { groups } from "@/app/console/menu";
import { SideMenu } from "@/app/console/side-menu";
import { darkTheme, withMotion } from "@/app/theme";
import { CockpitPage } from "@/features/cockpit/components/cockpit-page";
import { useLessMotion } from "@/lib/motion";
import { useGo } from "@/lib/nav";
import { useCan } from "@/lib/session";
import { shellText } from "@/locales/zh-CN/shell";

export function CockpitRoute() {
  const [open, setOpen] = useState(false);
  const can = useCan();
  const go = useGo();
  const theme = withMotion(darkTheme, !useLessMotion());
  const allowed = can("cockpit.read");
  const first = groups.flatMap((group) => group.entries).find((entry) => can(entry.permission));
  useEffect(() => {
    if (!allowed && first) go(first.href);
  }, [allowed, first, go]);
  if (!allowed && first) return null;
  return (
    <>
      <ConfigProvider theme={theme}>
        <CockpitPage
          menu={
            <Button type="text" icon={<MenuOutlined />} onClick={() => setOpen(true)}>
              {shellText.menu}
            </Button>
          }
        />
      </ConfigProvider>
      <Drawer
        open={open}
        onClose={() => setOpen(false)}
        placement="left"
        size={264}
        title={shellText.menu}
        styles={{ body: { padding: 8 } }}
      >
        <SideMenu onGo={() => setOpen(false)} />
      </Drawer>
    </>
  );
}
